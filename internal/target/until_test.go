package target

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
)

func TestStatusesThatDMSDocumentsAreKnown(t *testing.T) {
	t.Parallel()
	documented := strings.Fields(`CREATING RUNNING RESTARTING STARTING EXTENDING SHRINKING CONFIGURING UPGRADING ROLLBACK
		ROLLINGBACK VOLUMETYPECHANGING FREEZING DELETING CREATEFAILED ERROR EXTENDEDFAILED ROLLBACKFAILED FROZEN RECYCLE
		DELETED`)
	for _, until := range []Until{Ready, Idle, Deleted} {
		for _, status := range documented {
			state, err := until.judge(client.Instance{Status: client.Status(status)}, nil)
			assert.False(t, state.Unknown, "%s %s", until, status)
			isGone := status == "RECYCLE" || status == "DELETED"
			assert.Equal(t, isGone && until != Deleted, err != nil, "%s %s", until, status)
		}
		for _, status := range []string{"PONDERING", "RUNNING2", "SUCCESS", "EXECUTING", "\u212aRUNNING"} {
			state, err := until.judge(client.Instance{Status: client.Status(status)}, nil)
			require.NoError(t, err)
			assert.True(t, state.Unknown, "%s %s", until, status)
			assert.Equal(t, Running, state.Standing, "%s %s", until, status)
		}
	}
}

func TestGoneInstanceIsMissingUnlessItIsToBeDeleted(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"status":"RECYCLE"}`, `{"status":"deleted"}`, `404 {"error_code":"DMS.00404022"}`, `404 {"error_code":"DMS.1"}`,
	} {
		for _, until := range []Until{Ready, Idle} {
			c := &cloud{bodies: map[string]string{"i1": body, "i1/tasks": list()}}
			found := c.findings(t, instances(until, "i1"))
			require.Len(t, found, 1)
			var e *client.Error
			require.ErrorAs(t, found[0].Err, &e, "%s %s", until, body)
			assert.True(t, e.Missing(), "%s %s", until, body)
			assert.False(t, found[0].ConcernsAll())
			assert.Equal(t, []string{"i1"}, c.requests, "its tasks are not requested")
		}
		c := &cloud{bodies: map[string]string{"i1": body}}
		found := c.findings(t, instances(Deleted, "i1"))
		require.NoError(t, found[0].Err, body)
		assert.Equal(t, Succeeded, found[0].State.Standing, body)
	}
}

func TestNotFoundThatDoesNotMeanDeletedIsNone(t *testing.T) {
	t.Parallel()
	for body, concernsAll := range map[string]bool{
		`404 {"error_code":"DMS.10240407"}`: true, // throttled
		`404 {"error_code":"APIGW.0308"}`:   true,
		`404 {"error_code":"APIGW.0101"}`:   false, // no such API
		`404 {"error_code":"DMS.10240406"}`: false,
		`404 {"error_code":"DMS.00404001"}`: false,
		`404 <html>not found</html>`:        false, // of something in between
		`404 `:                              false,
	} {
		c := &cloud{bodies: map[string]string{"i1": body}}
		p := instances(Deleted, "i1")
		p.Note = func(int, Note) { assert.Fail(t, "nothing is known of the instance", body) }
		found := c.findings(t, p)
		require.Error(t, found[0].Err, body)
		assert.Equal(t, concernsAll, found[0].ConcernsAll(), body)
	}
}

func TestTaskIsLeftBehindAfterADayByTheServersClock(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		created          string
		offset           time.Duration // of the server's clock
		busy, leftBehind int
	}{
		"a day":                     {"2026-01-01T12:00:00.000Z", 0, 1, 0},
		"a day and a millisecond":   {"2026-01-01T11:59:59.999Z", 0, 0, 1},
		"the local clock is behind": {"2026-01-01T12:30:00.000Z", time.Hour, 0, 1},
		"the local clock is ahead":  {"2026-01-01T11:30:00.000Z", -time.Hour, 1, 0},
		"in the future":             {"2027-01-01T11:30:00.000Z", 0, 1, 0},
		"no time that can be read":  {"yesterday", 0, 1, 0},
	} {
		task := client.Task{ID: "t1", Status: client.Executing, CreatedAt: c.created}
		task.Response = client.Response{ServerTime: now.Add(c.offset), ReceivedAt: now}
		busy, leftBehind := unfinished(&client.List{Tasks: []client.Task{task}}, now)
		assert.Equal(t, [2]int{c.busy, c.leftBehind}, [2]int{busy, leftBehind}, name)
		task.Status = client.Cancelled
		busy, leftBehind = unfinished(&client.List{Tasks: []client.Task{task}}, now)
		assert.Equal(t, [2]int{}, [2]int{busy, leftBehind}, name)
	}
	task := client.Task{ID: "t1", Status: client.Created, CreatedAt: "2020-01-01T12:00:00.000Z"}
	busy, _ := unfinished(&client.List{Tasks: []client.Task{task}}, now)
	assert.Equal(t, 1, busy, "the server did not say what time it is")
}

func TestTasksThatWereLeftBehindAreIgnoredAndCounted(t *testing.T) {
	t.Parallel()
	old := func(entries ...string) string {
		return strings.ReplaceAll(list(entries...), "2026-01-02T11", "2025-12-31T11")
	}
	var notes []Note
	p := instances(Idle, "i1")
	p.Note = func(_ int, n Note) { notes = append(notes, n) }
	c := &cloud{bodies: map[string]string{"i1": `{"status":"RUNNING"}`, "i1/tasks": old("t1 CREATED", "t2 EXECUTING", "t3 FAILED")}}
	assert.Equal(t, []string{"RUNNING 1"}, c.poll(t, p))
	assert.Equal(t, []Note{{Kind: LeftBehind, Count: 2}}, notes)
	c.bodies["i1/tasks"] = strings.Replace(old("t1 CREATED", "t2 EXECUTING"), "2025-12-31", "2026-01-02", 1)
	assert.Equal(t, []string{"RUNNING 0"}, c.poll(t, p), "one of them is of today")
}

func TestTasksOfAnInstanceAreRequestedOnlyWhereTheyCount(t *testing.T) {
	t.Parallel()
	for until, want := range map[Until]map[string]int{
		Ready:   {"RUNNING": 1, "RESTARTING": 1, "ERROR": 1},
		Idle:    {"RUNNING": 2, "RESTARTING": 1, "ERROR": 1},
		Deleted: {"RUNNING": 1, "RESTARTING": 1, "ERROR": 1},
	} {
		for status, requests := range want {
			c := &cloud{bodies: map[string]string{"i1": `{"status":"` + status + `"}`, "i1/tasks": list()}}
			p := instances(until, "i1")
			c.poll(t, p)
			assert.Len(t, c.requests, requests, "%s %s", until, status)
			assert.Equal(t, requests, p.Requests(), "%s %s", until, status)
		}
	}
}

func TestErrorOfTheTasksIsOneOfTheIdleInstance(t *testing.T) {
	t.Parallel()
	for body, concernsAll := range map[string]bool{
		`503 {"error_code":"DMS.00500001"}`: false,
		`403 {"error_code":"DMS.00403002"}`: false,
		`404 {"error_code":"DMS.00404022"}`: false,
		`{"tasks":"none"}`:                  false,
		`429 {"error_code":"APIGW.0308"}`:   true,
		`401 {"error_code":"APIGW.0301"}`:   true,
		`no response`:                       true,
	} {
		c := &cloud{bodies: map[string]string{"i1": `{"status":"RUNNING"}`, "i1/tasks": body}}
		found := c.findings(t, instances(Idle, "i1"))
		require.Len(t, found, 1)
		require.Error(t, found[0].Err, body)
		assert.Zero(t, found[0].State, "it cannot be idle: %s", body)
		assert.Equal(t, concernsAll, found[0].ConcernsAll(), body)
	}
}

func TestInstanceThatFailsFirstMayStillNeverHaveBeenSeen(t *testing.T) {
	t.Parallel()
	var notes []Note
	p := instances(Deleted, "i1")
	p.Note = func(_ int, n Note) { notes = append(notes, n) }
	c := &cloud{bodies: map[string]string{"i1": `503 {"error_code":"DMS.00500001"}`}}
	c.poll(t, p)
	assert.Empty(t, notes)
	delete(c.bodies, "i1")
	assert.Equal(t, []string{"DELETED 2"}, c.poll(t, p))
	assert.Equal(t, []Note{{Kind: NeverSeen}}, notes)
	notes = nil
	c.bodies["i1"] = `{"status":"DELETED"}`
	p = instances(Deleted, "i1")
	p.Note = func(_ int, n Note) { notes = append(notes, n) }
	assert.Equal(t, []string{"DELETED 2"}, c.poll(t, p))
	assert.Empty(t, notes, "a record of it was seen")
}
