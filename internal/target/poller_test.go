package target

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
)

// cloud responds to requests by their path below the instances, e.g. "i1/tasks/t1".
type cloud struct {
	bodies   map[string]string // a body that begins with a number has that status; "no response" is none
	login    error
	requests []string
}

func (c *cloud) RoundTrip(r *http.Request) (*http.Response, error) {
	_, path, _ := strings.Cut(r.URL.Path, "/instances/")
	c.requests = append(c.requests, path)
	body, ok := c.bodies[path]
	status := 200
	if body == "no response" {
		return nil, errors.New("connection refused")
	}
	if !ok {
		status, body = 404, `{"error_code":"DMS.00404022","error_msg":"This instance does not exist."}`
	} else if n, err := fmt.Sscanf(body, "%d", &status); n == 1 && err == nil {
		_, body, _ = strings.Cut(body, " ")
	}
	return &http.Response{
		StatusCode: status, Body: io.NopCloser(strings.NewReader(body)), Request: r,
		Header: http.Header{"Date": {"Fri, 02 Jan 2026 12:00:00 GMT"}},
	}, nil
}

// list returns the body of a task list with entries such as "t1 SUCCESS".
func list(entries ...string) string {
	var tasks []string
	for _, entry := range entries {
		id, status, _ := strings.Cut(entry, " ")
		tasks = append(tasks, fmt.Sprintf(`{"id":%q,"name":"restart","status":%q,"created_at":"2026-01-02T11:59:00.000Z"}`,
			id, status))
	}
	return `{"task_count":"1","tasks":[` + strings.Join(tasks, ",") + `]}`
}

// poll polls all of the targets, which are of one instance, and returns how each stands; "" where it was not polled.
func (c *cloud) poll(t *testing.T, p *Poller) []string {
	t.Helper()
	stands := make([]string, len(p.Targets))
	for _, found := range c.findings(t, p) {
		assert.Empty(t, stands[found.Target], "target %d is polled once", found.Target)
		stands[found.Target] = standOf(&found)
	}
	return stands
}

// pollSource polls a target alone.
func (c *cloud) pollSource(t *testing.T, p *Poller, i int) string {
	t.Helper()
	found := c.findings(t, p, i)
	require.Len(t, found, 1)
	return standOf(&found[0])
}

func standOf(found *Finding) string {
	if found.Err != nil {
		return found.Err.Error()
	}
	return fmt.Sprint(found.State.Status, " ", found.State.Standing)
}

// findings polls targets of one instance: those that are due, or all.
func (c *cloud) findings(t *testing.T, p *Poller, due ...int) []Finding {
	t.Helper()
	p.Client = func(context.Context) (*client.Client, error) {
		return &client.Client{Endpoint: "https://dms.test", ProjectID: "p1", Transport: c}, c.login
	}
	if due == nil {
		for i := range p.Targets {
			due = append(due, i)
		}
	}
	return p.Poll(t.Context(), due)
}

func instances(until Until, ids ...string) *Poller {
	p := &Poller{}
	for _, id := range ids {
		p.Targets = append(p.Targets, Target{InstanceID: id, Until: until})
	}
	return p
}

func tasks(ids ...string) *Poller {
	p := &Poller{}
	for _, id := range ids {
		p.Targets = append(p.Targets, Target{InstanceID: "i1", TaskID: id})
	}
	return p
}

func TestOneTaskIsRequestedByItsIDAndSeveralByTheList(t *testing.T) {
	t.Parallel()
	c := &cloud{bodies: map[string]string{
		"i1/tasks": list("t2 FAILED", "t1 SUCCESS"), "i1/tasks/t1": list("t1 SUCCESS"), "i1/tasks/t9": list("t9 CREATED"),
	}}
	assert.Equal(t, []string{"SUCCESS 2"}, c.poll(t, tasks("t1")))
	assert.Equal(t, []string{"i1/tasks/t1"}, c.requests)

	c.requests = nil
	p := tasks("t1", "t2")
	assert.Equal(t, []string{"SUCCESS 2", "FAILED 3"}, c.poll(t, p))
	assert.Equal(t, []string{"i1/tasks"}, c.requests)
	assert.Equal(t, 1, p.Requests())

	c.requests = nil
	p = tasks("t1", "t9")
	assert.Equal(t, []string{"SUCCESS 2", "CREATED 0"}, c.poll(t, p))
	assert.Equal(t, []string{"i1/tasks", "i1/tasks/t9"}, c.requests, "a task that the page lacks is requested by its id")
	assert.Equal(t, 2, p.Requests())
}

func TestHostileListCannotPassOneTaskForAnother(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		list string
		want []string
	}{
		"the first of two entries counts": {list("t1 SUCCESS", "t1 FAILED", "k2 EXECUTING"), []string{"SUCCESS 2", "EXECUTING 0"}},
		"ids are compared without case":   {list("T1 SUCCESS", "K2 FAILED"), []string{"SUCCESS 2", "FAILED 3"}},
		"a Kelvin sign is no k": {list("t1 SUCCESS", "\u212a2 SUCCESS"),
			[]string{"SUCCESS 2", `the instance has no task "k2"`}},
		"other tasks are ignored": {list("t11 SUCCESS", "xt1 SUCCESS", " t1 SUCCESS", "k2 FAILED"),
			[]string{`the instance has no task "t1"`, "FAILED 3"}},
		"entries that are no tasks": {`{"tasks":[1,null,"t1",{"id":["t1"],"status":"SUCCESS"},{"id":"k2","status":"FAILED"}]}`,
			[]string{`the instance has no task "t1"`, "FAILED 3"}},
	} {
		cloud := &cloud{bodies: map[string]string{"i1/tasks": c.list, "i1/tasks/t1": list(), "i1/tasks/k2": list()}}
		assert.Equal(t, c.want, cloud.poll(t, tasks("t1", "k2")), name)
	}
}

func TestErrorOfTheListConcernsItsTasks(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`503 {"error_code":"DMS.00500001"}`, `403 {"error_code":"DMS.00403002"}`, `404 {"error_code":"DMS.00404022"}`,
		`429 {"error_code":"APIGW.0308"}`, `401 {"error_code":"APIGW.0301"}`, `{"tasks":7}`, `no response`,
	} {
		c := &cloud{bodies: map[string]string{"i1/tasks": body}}
		stands := c.poll(t, tasks("t1", "t2", "t3"))
		require.Len(t, stands, 3, body)
		assert.Contains(t, stands[0], "list tasks of instance \"i1\": ", body)
		assert.Equal(t, []string{stands[0], stands[0]}, stands[1:], "it is an error of each task: %s", body)
		assert.Len(t, c.requests, 1, body)
	}
}

func TestErrorOfOneRequestLeavesWhatTheListSaid(t *testing.T) {
	t.Parallel()
	const notPolled = "" // what concerns all is the last request
	for body, want := range map[string][]string{
		`503 {"error_code":"DMS.00500001"}`: {`get task "old1": 503 DMS.00500001`, "EXECUTING 0", "FAILED 3"},
		`403 {"error_code":"DMS.00403002"}`: {`get task "old1": 403 DMS.00403002`, "EXECUTING 0", "FAILED 3"},
		`429 {"error_code":"APIGW.0308"}`:   {`get task "old1": 429 APIGW.0308`, notPolled, "FAILED 3"},
		`no response`:                       {`get task "old1": connection refused`, notPolled, "FAILED 3"},
	} {
		c := &cloud{bodies: map[string]string{
			"i1/tasks": list("t1 FAILED"), "i1/tasks/old1": body, "i1/tasks/old2": list("old2 EXECUTING"),
		}}
		assert.Equal(t, want, c.poll(t, tasks("old1", "old2", "t1")), body)
		assert.Equal(t, want[1] != notPolled, slices.Contains(c.requests, "i1/tasks/old2"), body)
	}
}

func TestInstanceIsJudgedByItsStatus(t *testing.T) {
	t.Parallel()
	const none = `{"error_code":"DMS.00404022"}`
	for status, want := range map[string][3]string{ // ready, idle, deleted
		"RUNNING":        {"RUNNING 1", "RUNNING 1", "RUNNING 0"},
		"running":        {"RUNNING 1", "RUNNING 1", "RUNNING 0"},
		"RESTARTING":     {"RESTARTING 0", "RESTARTING 0", "RESTARTING 0"},
		"CREATEFAILED":   {"CREATEFAILED 3", "CREATEFAILED 3", "CREATEFAILED 0"},
		"ERROR":          {"ERROR 3", "ERROR 3", "ERROR 0"},
		"EXTENDEDFAILED": {"EXTENDEDFAILED 3", "EXTENDEDFAILED 3", "EXTENDEDFAILED 0"},
		"ROLLBACKFAILED": {"ROLLBACKFAILED 3", "ROLLBACKFAILED 3", "ROLLBACKFAILED 0"},
		"FROZEN":         {"FROZEN 3", "FROZEN 3", "FROZEN 0"},
		"PONDERING":      {"PONDERING 0", "PONDERING 0", "PONDERING 0"},
		"RECYCLE":        {"the instance has been deleted", "the instance has been deleted", "RECYCLE 2"},
		"DELETED":        {"the instance has been deleted", "the instance has been deleted", "DELETED 2"},
	} {
		for i, until := range []Until{Ready, Idle, Deleted} {
			c := &cloud{bodies: map[string]string{"i1": `{"status":"` + status + `"}`, "i1/tasks": list("t1 SUCCESS")}}
			p := &Poller{Targets: []Target{{InstanceID: "i1", Until: until}}}
			assert.Equal(t, []string{want[i]}, c.poll(t, p), "%s %s", until, status)
		}
	}
	for body, want := range map[string]string{
		"404 " + none:                          "DELETED 2",
		`404 {"error_code":"DMS.10240407"}`:    `get instance "i1": 404 DMS.10240407`,
		`404 {"error_code":"APIGW.0101"}`:      `get instance "i1": 404 APIGW.0101`,
		`503 {"error_code":"DMS.00500001"}`:    `get instance "i1": 503 DMS.00500001`,
		`{"status":""}`:                        `get instance "i1": 200: the response is not the API's JSON`,
		`{"error_code":"x","error_msg":"odd"}`: `get instance "i1": 200 x: odd: the response is not the API's JSON`,
	} {
		c := &cloud{bodies: map[string]string{"i1": body}}
		assert.Equal(t, []string{want}, c.poll(t, &Poller{Targets: []Target{{InstanceID: "i1", Until: Deleted}}}), body)
	}
}

func TestIdleMeansThatNoTaskRuns(t *testing.T) {
	t.Parallel()
	old := strings.Replace(list("t1 EXECUTING"), "2026-01-02T11:59", "2026-01-01T11:59", 1)
	for name, c := range map[string]struct {
		list, want string
		left       int
	}{
		"none":                    {list(), "RUNNING 1", 0},
		"all have ended":          {list("t1 SUCCESS", "t2 FAILED", "t3 CANCELLED"), "RUNNING 1", 0},
		"one is running":          {list("t1 SUCCESS", "t2 EXECUTING"), "RUNNING 0", 0},
		"one was created":         {list("t2 CREATED"), "RUNNING 0", 0},
		"a status not documented": {list("t2 PAUSED"), "RUNNING 0", 0},
		"one was left behind":     {old, "RUNNING 1", 1},
		"the list fails":          {`503 {"error_code":"DMS.00500001"}`, `list tasks of instance "i1": 503 DMS.00500001`, 0},
	} {
		var left []Note
		p := &Poller{
			Targets: []Target{{InstanceID: "i1", Until: Idle}},
			Note:    func(_ int, n Note) { left = append(left, n) },
		}
		cloud := &cloud{bodies: map[string]string{"i1": `{"status":"RUNNING"}`, "i1/tasks": c.list}}
		assert.Equal(t, []string{c.want}, cloud.poll(t, p), name)
		cloud.poll(t, p)
		require.Len(t, left, c.left, "%s: it is noted once", name)
		assert.Equal(t, 4, p.Requests())
	}
}

func TestInstanceThatWasNeverSeenIsNoted(t *testing.T) {
	t.Parallel()
	var notes []Note
	p := &Poller{Targets: []Target{{InstanceID: "i1", Until: Deleted}}, Note: func(_ int, n Note) { notes = append(notes, n) }}
	c := &cloud{bodies: map[string]string{"i1": `{"status":"DELETING"}`}}
	assert.Equal(t, []string{"DELETING 0"}, c.poll(t, p))
	delete(c.bodies, "i1")
	assert.Equal(t, []string{"DELETED 2"}, c.poll(t, p))
	assert.Empty(t, notes)
	p = &Poller{Targets: p.Targets, Note: p.Note}
	assert.Equal(t, []string{"DELETED 2"}, c.poll(t, p))
	assert.Equal(t, []Note{{Kind: NeverSeen}}, notes)
}

func TestTaskIsFoundByItsNameAndThenFollowed(t *testing.T) {
	t.Parallel()
	var notes []NoteKind
	p := &Poller{
		Targets: []Target{{InstanceID: "i1", TaskName: "restart"}}, Ago: 5 * time.Minute, Start: time.Now(),
		Note: func(_ int, n Note) { notes = append(notes, n.Kind) },
	}
	c := &cloud{bodies: map[string]string{
		"i1/tasks": list("t1 CREATED", "t2 SUCCESS"), "i1/tasks/t1": list("t1 SUCCESS"),
	}}
	assert.Equal(t, []string{"CREATED 0"}, c.poll(t, p))
	assert.Equal(t, []string{"SUCCESS 2"}, c.poll(t, p))
	assert.Equal(t, []string{"i1/tasks", "i1/tasks/t1"}, c.requests)
	assert.Equal(t, []NoteKind{Found, Ambiguous}, notes)
}

func TestSourcesAreInstancesWhateverTheirCase(t *testing.T) {
	t.Parallel()
	assert.Equal(t, [][]int{{0, 2}, {1}}, Sources([]Target{
		{InstanceID: "ab", TaskID: "t1"}, {InstanceID: "cd", TaskID: "t1"}, {InstanceID: "AB", TaskID: "t2"},
	}))
	assert.Equal(t, (&Target{InstanceID: "ab", TaskID: "T1"}).Key(), (&Target{InstanceID: "AB", TaskID: "t1"}).Key())
	assert.NotEqual(t, (&Target{InstanceID: "a", TaskName: "x"}).Key(), (&Target{InstanceID: "a", TaskName: "X"}).Key())
}
