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

// dmsRoutes are the APIs of Distributed Message Service, the same for RocketMQ, Kafka and RabbitMQ.
func dmsRoutes() []route {
	const tasks = "/v2/{project}/instances/{instance}/tasks"
	return []route{
		{kind: "tasks", method: http.MethodGet, path: tasks, answer: ofInstance((*Server).listTasks)},
		{kind: "task", method: http.MethodGet, path: tasks + "/{task}", answer: ofInstance((*Server).showTask)},
		{kind: "progress", method: http.MethodGet, path: tasks + "/{task}/progress", answer: ofInstance((*Server).showProgress)},
	}
}

// ofInstance lets only those through who have logged in and ask for this project and instance, in well-formed ids.
func ofInstance(answer func(*Server, *call) *Answer) func(*Server, *call) *Answer {
	return func(s *Server, c *call) *Answer {
		allowed, denied := s.login(c)
		if denied != nil {
			return denied.byGateway()
		}
		project, header := c.ids["project"], c.request.Header.Get("X-Project-Id")
		task, hasTask := c.ids["task"]
		switch {
		case !hexID.MatchString(project):
			return Fault(http.StatusBadRequest, "DMS.00400002", "The project ID format is invalid.")
		case !allowed.covers(project):
			return Fault(http.StatusUnauthorized, "DMS.10240104", "The project ID in the URL does not match the project of the token.")
		case !strings.EqualFold(project, s.cloud.ProjectID), header != "" && !strings.EqualFold(header, s.cloud.ProjectID):
			return Fault(http.StatusForbidden, "DMS.00403002", "You do not have permissions on this project.")
		case !uuidID.MatchString(c.ids["instance"]):
			return Fault(http.StatusBadRequest, "DMS.00400061", "The instance ID format is invalid.")
		case hasTask && !hexID.MatchString(task):
			return Fault(http.StatusBadRequest, "DMS.00400070", "The task ID format is invalid.")
		case !strings.EqualFold(c.ids["instance"], s.cloud.InstanceID):
			return Fault(http.StatusNotFound, "DMS.00404022", "This instance does not exist.")
		}
		return answer(s, c)
	}
}

// The API's JSON: keys and their order are the documentation's.
type (
	taskList struct {
		TaskCount string       `json:"task_count"`
		Tasks     []taskAnswer `json:"tasks"`
	}
	taskAnswer struct {
		ID        string `json:"id"`
		Name      string `json:"name"`
		UserName  string `json:"user_name"`
		UserID    string `json:"user_id"`
		Params    string `json:"params"`
		Status    string `json:"status"`
		CreatedAt string `json:"created_at"`
		UpdatedAt string `json:"updated_at"`
	}
	progressAnswer struct {
		Percentage int            `json:"progress_percentage"`
		RemainTime int            `json:"remain_time"`
		StepList   []progressStep `json:"step_list"`
	}
	progressStep struct {
		Name      string `json:"name"`
		Statue    string `json:"statue"` // so spelt
		StartTime any    `json:"start_time"`
		EndTime   any    `json:"end_time"`
	}
)

func (s *Server) showTask(c *call) *Answer {
	tasks := s.tasksAt(c.now, c.ids["task"])
	return answerTasks(len(tasks), tasks)
}

// listTasks gives one page, newest first. start counts from 1; limit is at most 100, and 10 if none is asked for.
func (s *Server) listTasks(c *call) *Answer {
	query := c.request.URL.Query()
	start, ok1 := number(query, "start", 1)
	limit, ok2 := number(query, "limit", 10)
	if !ok1 || !ok2 || limit > 100 {
		// The status is documented, the code is not: this one is made up.
		return Fault(http.StatusBadRequest, "DMS.00400001", "Invalid parameter: start must be at least 1, limit 1 to 100.")
	}
	all := s.tasksAt(c.now, "")
	page := all[min(start-1, len(all)):]
	return answerTasks(len(all), page[:min(limit, len(page))])
}

// number reads a query parameter of at least 1.
func number(query url.Values, name string, absent int) (int, bool) {
	if !query.Has(name) {
		return absent, true
	}
	n, err := strconv.Atoi(query.Get(name))
	return n, err == nil && n >= 1
}

func (s *Server) showProgress(c *call) *Answer {
	now := c.now.Sub(s.start)
	for _, t := range s.cloud.Tasks {
		if strings.EqualFold(t.ID, c.ids["task"]) && t.exists(now) && len(t.Progress) > 0 {
			return answerJSON(t.progress(s.start, now))
		}
	}
	// No source says how the service refuses; any error means that no progress is known.
	return Fault(http.StatusNotFound, "DMS.00404001", "The progress of this task does not exist.")
}

// tasksAt returns the tasks there are at a time, newest first: the one with the id, or all if id is empty.
func (s *Server) tasksAt(at time.Time, id string) []taskAnswer {
	now := at.Sub(s.start)
	tasks := slices.Clone(s.cloud.Tasks)
	slices.SortStableFunc(tasks, func(a, b Task) int { return cmp.Compare(a.Age, b.Age) })
	answers := []taskAnswer{} // never nil, which would be null in JSON
	for _, t := range tasks {
		if t.exists(now) && (id == "" || strings.EqualFold(t.ID, id)) {
			answers = append(answers, t.answer(s.start, now))
		}
	}
	return answers
}

func answerTasks(count int, tasks []taskAnswer) *Answer {
	return answerJSON(taskList{TaskCount: strconv.Itoa(count), Tasks: tasks})
}

// exists tells whether the task has been created, now being counted from the start of the server.
func (t *Task) exists(now time.Duration) bool { return now >= -t.Age }

func (t *Task) answer(start time.Time, now time.Duration) taskAnswer {
	status, changed := "CREATED", -t.Age
	for _, step := range t.Steps {
		if step.After <= now {
			status, changed = step.Status, max(step.After, -t.Age)
		}
	}
	return taskAnswer{
		ID:        t.ID,
		Name:      t.Name,
		UserName:  t.UserName,
		UserID:    t.UserID,
		Params:    t.Params,
		Status:    status,
		CreatedAt: cmp.Or(t.CreatedAt, timestamp(start.Add(-t.Age))),
		UpdatedAt: cmp.Or(t.UpdatedAt, timestamp(start.Add(changed))),
	}
}

// progress describes two steps of the work, the first of them done. As in the cloud, times are numbers or strings.
func (t *Task) progress(start time.Time, now time.Duration) progressAnswer {
	percent, changed := 0, -t.Age
	for _, step := range t.Progress {
		if step.After <= now {
			percent, changed = step.Percent, step.After
		}
	}
	created := start.Add(-t.Age).UnixMilli()
	expand := progressStep{Name: "expand", Statue: "IN_PROGRESS", StartTime: created, EndTime: ""}
	if percent >= 100 {
		expand.Statue, expand.EndTime = "COMPLETED", start.Add(changed).UnixMilli()
	}
	return progressAnswer{Percentage: percent, StepList: []progressStep{
		{Name: "pre_check", Statue: "COMPLETED", StartTime: created, EndTime: created},
		expand,
	}}
}

func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
