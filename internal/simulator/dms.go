package simulator

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// dmsRoutes returns the APIs of Distributed Message Service. RocketMQ, Kafka and RabbitMQ share them.
func dmsRoutes() []route {
	const instance = "/v2/{project}/instances/{instance}"
	const tasks = instance + "/tasks"
	return []route{
		{kind: "instance", method: http.MethodGet, path: instance, handle: forInstance((*Server).showInstance)},
		{kind: "tasks", method: http.MethodGet, path: tasks, handle: forInstance((*Server).listTasks)},
		{kind: "task", method: http.MethodGet, path: tasks + "/{task}", handle: forInstance((*Server).showTask)},
		{
			kind: "progress", method: http.MethodGet, path: tasks + "/{task}/progress",
			handle: forInstance((*Server).showProgress),
		},
	}
}

// forInstance wraps a handler with the checks that all of DMS has in common: the login, well-formed ids,
// and access to this project and instance.
func forInstance(handle handler) handler {
	return func(s *Server, c *call) *Response {
		if throttled := s.throttle(c.now); throttled != nil {
			return throttled
		}
		allowed, denied := s.authenticate(c)
		if denied != nil {
			return denied.response()
		}
		project, header := c.ids["project"], c.request.Header.Get("X-Project-Id")
		task, hasTask := c.ids["task"]
		switch {
		case !hexID.MatchString(project):
			return Fault(http.StatusBadRequest, "DMS.00400002", "The project ID format is invalid.")
		case !allowed.covers(project):
			return Fault(http.StatusUnauthorized, "DMS.10240104",
				"The project ID in the URL does not match the project of the token.")
		case !strings.EqualFold(project, s.cloud.ProjectID),
			header != "" && !strings.EqualFold(header, s.cloud.ProjectID):
			return Fault(http.StatusForbidden, "DMS.00403002", "You do not have permissions on this project.")
		case !uuidID.MatchString(c.ids["instance"]):
			return Fault(http.StatusBadRequest, "DMS.00400061", "The instance ID format is invalid.")
		case hasTask && !hexID.MatchString(task):
			return Fault(http.StatusBadRequest, "DMS.00400070", "The task ID format is invalid.")
		}
		if refused := s.refuse(c); refused != nil {
			return refused
		}
		return handle(s, c)
	}
}

// The JSON of the API, with the documented keys in the documented order.
type (
	taskListJSON struct {
		TaskCount string     `json:"task_count"`
		Tasks     []taskJSON `json:"tasks"`
	}
	taskJSON struct {
		ID        string `json:"id"`
		Name      string `json:"name"`
		UserName  string `json:"user_name"`
		UserID    string `json:"user_id"`
		Params    string `json:"params"`
		Status    string `json:"status"`
		CreatedAt string `json:"created_at"`
		UpdatedAt string `json:"updated_at"`
	}
	progressJSON struct {
		Percentage int                `json:"progress_percentage"`
		RemainTime int                `json:"remain_time"`
		StepList   []progressStepJSON `json:"step_list"`
	}
	progressStepJSON struct {
		Name      string `json:"name"`
		Statue    string `json:"statue"` // the API's spelling
		StartTime any    `json:"start_time"`
		EndTime   any    `json:"end_time"`
	}
)

func (s *Server) showTask(c *call) *Response {
	s.markPolled(c.ids["task"], c.now)
	tasks := s.tasksAt(c, c.ids["task"])
	return tasksResponse(len(tasks), tasks)
}

// listTasks returns one page, newest first. start counts from 1; limit is 10 by default, at most 100.
func (s *Server) listTasks(c *call) *Response {
	query := c.request.URL.Query()
	start, ok1 := positive(query, "start", 1)
	limit, ok2 := positive(query, "limit", 10)
	if !ok1 || !ok2 || limit > 100 {
		// The status is documented; the code is a guess.
		return Fault(http.StatusBadRequest, "DMS.00400001",
			"Invalid parameter: start must be at least 1, limit 1 to 100.")
	}
	all := s.tasksAt(c, "")
	page := all[min(start-1, len(all)):]
	return tasksResponse(len(all), page[:min(limit, len(page))])
}

// positive returns a query parameter, and whether it is a number of at least 1.
func positive(query url.Values, name string, byDefault int) (int, bool) {
	if !query.Has(name) {
		return byDefault, true
	}
	n, err := strconv.Atoi(query.Get(name))
	return n, err == nil && n >= 1
}

func (s *Server) showProgress(c *call) *Response {
	for _, t := range s.cloud.Tasks {
		start := s.startOf(t, c.now)
		now := c.now.Sub(start)
		if t.of(c) && strings.EqualFold(t.ID, c.ids["task"]) && t.exists(now) && len(t.Progress) > 0 {
			return jsonResponse(t.progress(start, now))
		}
	}
	// The error is undocumented, so this one is a guess. Any error means that there is no progress.
	return Fault(http.StatusNotFound, "DMS.00404001", "The progress of this task does not exist.")
}

// tasksAt returns the tasks of a call's instance that exist at its time, newest first. Unless id is empty, it returns
// only the task with that id.
func (s *Server) tasksAt(c *call, id string) []taskJSON {
	tasks := slices.Clone(s.cloud.Tasks)
	slices.SortStableFunc(tasks, func(a, b Task) int { return cmp.Compare(a.Age, b.Age) })
	all := []taskJSON{} // not nil, which would be null in JSON
	for _, t := range tasks {
		start := s.startOf(t, c.now)
		now := c.now.Sub(start)
		if t.of(c) && t.exists(now) && (id == "" || strings.EqualFold(t.ID, id)) {
			all = append(all, t.json(start, now))
		}
	}
	return all
}

// markPolled records the first request for a task.
func (s *Server) markPolled(id string, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id = strings.ToLower(id)
	if _, known := s.polled[id]; !known {
		s.polled[id] = at
	}
}

// startOf returns the time that the durations in a task's script count from.
func (s *Server) startOf(t Task, now time.Time) time.Time {
	if !t.OnFirstPoll {
		return s.start
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if polled, ok := s.polled[strings.ToLower(t.ID)]; ok {
		return polled
	}
	return now
}

func tasksResponse(count int, tasks []taskJSON) *Response {
	return jsonResponse(taskListJSON{TaskCount: strconv.Itoa(count), Tasks: tasks})
}

// of reports whether the task is one of the instance that a call is about.
func (t *Task) of(c *call) bool { return strings.EqualFold(t.InstanceID, c.ids["instance"]) }

// exists reports whether the task has been created. now counts from the start of its script.
func (t *Task) exists(now time.Duration) bool { return now >= -t.Age }

func (t *Task) json(start time.Time, now time.Duration) taskJSON {
	status, changed := "CREATED", -t.Age
	for _, step := range t.Steps {
		if step.After <= now {
			status, changed = step.Status, max(step.After, -t.Age)
		}
	}
	return taskJSON{
		ID:        t.ID,
		Name:      t.Name,
		UserName:  t.UserName,
		UserID:    t.UserID,
		Params:    t.Params,
		Status:    status,
		CreatedAt: cmp.Or(t.CreatedAt, formatTime(start.Add(-t.Age))),
		UpdatedAt: cmp.Or(t.UpdatedAt, formatTime(start.Add(changed))),
	}
}

// progress returns the progress as two steps, of which the first is complete. As in the cloud, times
// are numbers or strings.
func (t *Task) progress(start time.Time, now time.Duration) progressJSON {
	percent, changed := 0, -t.Age
	for _, step := range t.Progress {
		if step.After <= now {
			percent, changed = step.Percent, step.After
		}
	}
	created := start.Add(-t.Age).UnixMilli()
	expand := progressStepJSON{Name: "expand", Statue: "IN_PROGRESS", StartTime: created, EndTime: ""}
	if percent >= 100 {
		expand.Statue, expand.EndTime = "COMPLETED", start.Add(changed).UnixMilli()
	}
	return progressJSON{Percentage: percent, StepList: []progressStepJSON{
		{Name: "pre_check", Statue: "COMPLETED", StartTime: created, EndTime: created},
		expand,
	}}
}

// formatTime returns a time in the format of DMS and STS.
func formatTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
