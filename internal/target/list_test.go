package target

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
)

func TestTasksAreFoundAmongAThousandEntries(t *testing.T) {
	t.Parallel()
	var entries []string
	for i := range 1001 {
		entries = append(entries, fmt.Sprintf("t%d %s", i, map[bool]string{true: "SUCCESS", false: "FAILED"}[i%2 == 0]))
	}
	c := &cloud{bodies: map[string]string{"i1/tasks": list(entries...), "i1/tasks/t1000": list("t1000 EXECUTING")}}
	assert.Equal(t, []string{"SUCCESS 2", "FAILED 3", "EXECUTING 0"}, c.poll(t, tasks("t0", "t999", "t1000")))
	assert.Equal(t, []string{"i1/tasks", "i1/tasks/t1000"}, c.requests, "no more than 1,000 entries are kept")
}

func TestManyTasksOfAnInstanceAreOneRequest(t *testing.T) {
	t.Parallel()
	var ids, entries []string
	for i := range 100 {
		ids = append(ids, fmt.Sprint("t", i))
		entries = append([]string{ids[i] + " EXECUTING"}, entries...)
	}
	p := tasks(ids...)
	c := &cloud{bodies: map[string]string{"i1/tasks": list(entries...)}}
	for range 3 {
		require.Len(t, c.findings(t, p), 100)
	}
	assert.Equal(t, []string{"i1/tasks", "i1/tasks", "i1/tasks"}, c.requests)
	assert.Equal(t, 3, p.Requests())
}

func TestEachStateOfAListIsThatOfItsTask(t *testing.T) {
	t.Parallel()
	c := &cloud{bodies: map[string]string{"i1/tasks": list("T3 FAILED", "x9 SUCCESS", "t1 SUCCESS", "t2 CANCELLED", "t4 PAUSED")}}
	for _, found := range c.findings(t, tasks("t1", "t2", "t3", "t4")) {
		id := fmt.Sprint("t", found.Target+1)
		assert.True(t, client.SameID(id, found.State.Task.ID), id)
		assert.Equal(t, found.State.Status, found.State.Task.Status, id)
		assert.Equal(t, 200, found.State.Response.StatusCode, id)
		assert.Equal(t, id == "t4", found.State.Unknown, id)
	}
}

func TestResponseToARequestByIDIsJudgedByTheIDToo(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"another task":                list("t2 SUCCESS"),
		"the other requested task":    list("k3 SUCCESS"),
		"an id that begins the same":  list("t1x SUCCESS", "t SUCCESS"),
		"a letter that folds to it":   list("\u212a3 SUCCESS"),
		"no task":                     list(),
		"an id that is a number":      `{"tasks":[{"id":1,"status":"SUCCESS"}]}`,
		"an id within another object": `{"tasks":[{"task":{"id":"k1","status":"SUCCESS"}}]}`,
	} {
		c := &cloud{bodies: map[string]string{"i1/tasks": list(), "i1/tasks/k1": body, "i1/tasks/k2": body}}
		for _, found := range c.findings(t, tasks("k1", "k2")) {
			require.Error(t, found.Err, name)
			assert.Zero(t, found.State, name)
		}
	}
}

func TestNamedTaskIsFoundOnEachInstance(t *testing.T) {
	t.Parallel()
	notes := map[int][]NoteKind{}
	p := &Poller{
		Targets: []Target{{InstanceID: "i1", TaskName: "restart"}, {InstanceID: "i2", TaskName: "restart"}},
		Ago:     5 * time.Minute, Start: time.Now(),
		Note: func(i int, n Note) { notes[i] = append(notes[i], n.Kind) },
	}
	c := &cloud{bodies: map[string]string{
		"i1/tasks": list(), "i2/tasks": list("t2 CREATED"),
		"i1/tasks/t1": list("t1 SUCCESS"), "i2/tasks/t2": list("t2 FAILED"),
	}}
	assert.Equal(t, `the instance has no task named "restart"`, c.pollSource(t, p, 0)[:40])
	assert.Equal(t, "CREATED 0", c.pollSource(t, p, 1))
	since := p.Since
	c.bodies["i1/tasks"] = list("t1 EXECUTING")
	assert.Equal(t, "EXECUTING 0", c.pollSource(t, p, 0))
	assert.Equal(t, "FAILED 3", c.pollSource(t, p, 1))
	assert.Equal(t, "SUCCESS 2", c.pollSource(t, p, 0))
	assert.Equal(t, []string{"i1/tasks", "i2/tasks", "i1/tasks", "i2/tasks/t2", "i1/tasks/t1"}, c.requests)
	assert.Equal(t, map[int][]NoteKind{0: {Found}, 1: {Found}}, notes)
	assert.Equal(t, since, p.Since, "the first response fixes what is old")
	assert.Equal(t, 5, p.Requests())
}

func TestLoginThatFailsIsTheOnlyFinding(t *testing.T) {
	t.Parallel()
	refused := &client.Error{Op: "log in", Class: client.Denied, Response: client.Response{StatusCode: 401}}
	p := tasks("t1", "t2", "t3")
	c := &cloud{login: refused}
	found := c.findings(t, p)
	assert.Equal(t, []Finding{{Target: 0, Err: refused}}, found)
	assert.True(t, found[0].ConcernsAll())
	assert.Zero(t, p.Requests())
}

func TestWhatConcernsAllTargets(t *testing.T) {
	t.Parallel()
	of := func(status int, code string) *client.Error {
		return &client.Error{Op: "get task", Code: code, Response: client.Response{StatusCode: status}}
	}
	for want, errs := range map[bool][]error{
		true: {
			of(0, ""), of(429, ""), of(404, "DMS.10240407"), of(503, "APIGW.0308"), of(401, "APIGW.0301"), fmt.Errorf("unknown"),
			&client.Error{Op: "log in", Class: client.Failing, Response: client.Response{StatusCode: 503}},
			&client.Error{Op: "log in", Class: client.Denied, Response: client.Response{StatusCode: 403}},
		},
		false: {
			nil, of(403, "APIGW.0302"), of(404, "DMS.00404022"), of(404, "APIGW.0101"), of(400, ""), of(500, ""), of(302, ""),
			of(200, ""), &client.Error{Response: client.Response{StatusCode: 200}, Err: &client.NoTaskError{ID: "t1"}},
			&client.Error{Response: client.Response{StatusCode: 200}, Err: client.ErrGone},
		},
	} {
		for _, err := range errs {
			assert.Equal(t, want, (&Finding{Err: err}).ConcernsAll(), "%v", err)
		}
	}
}
