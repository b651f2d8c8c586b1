package client

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// getTask gets a task from a server that responds with body.
func getTask(t *testing.T, body, taskID string) (Task, error) {
	t.Helper()
	return serve(t, reply{Status: 200, Body: body}.handle).Task(t.Context(), "i1", taskID)
}

func TestDocumentedExampleIsDecoded(t *testing.T) {
	t.Parallel()
	body, err := os.ReadFile("testdata/example.json")
	require.NoError(t, err)
	task, err := getTask(t, string(body), "ff80808272dcc90f0172df1e490f41b0")
	require.NoError(t, err)
	assert.Equal(t, 200, task.Response.StatusCode)
	task.Response = Response{}
	assert.Equal(t, Task{
		ID:        "ff80808272dcc90f0172df1e490f41b0",
		Name:      "bindInstancePublicIp",
		UserName:  "dms_test",
		UserID:    "xxxxxxxx93ff484a828144c6xxxxxxxx",
		Params:    `{"public_ip_id":"06a13350-4305-4338-9f0e-6b322bb1413d","public_ip_address":"xx.xx.xx.xx","enable_public_ip":true}`,
		Status:    Success,
		CreatedAt: "2020-06-23T03:00:03.471Z",
		UpdatedAt: "2020-06-23T03:00:08.130Z",
	}, task)
	elapsed, ok := task.Elapsed(time.Now())
	assert.True(t, ok)
	assert.Equal(t, 4659*time.Millisecond, elapsed)
}

func TestTaskIsTheEntryWithTheRequestedID(t *testing.T) {
	t.Parallel()
	const ours = `{"id":"T1a","name":"ours"}`
	for name, c := range map[string]struct{ body, want string }{
		"same case":                        {`{"tasks":[{"id":"t1A","name":"ours"}]}`, "ours"},
		"other case":                       {`{"tasks":[` + ours + `]}`, "ours"},
		"behind other tasks":               {`{"tasks":[{"id":"t2"},{"id":"t1ab"},{"id":"t1"},` + ours + `]}`, "ours"},
		"behind entries that are no tasks": {`{"tasks":[null,1,"t1a",true,["t1a"],{},{"id":null},{"id":{"id":"t1a"}},` + ours + `]}`, "ours"},
		"first of two":                     {`{"tasks":[` + ours + `,{"id":"t1a","name":"second"}]}`, "ours"},
		"count says 0":                     {`{"task_count":"0","tasks":[` + ours + `]}`, "ours"},
		"count says 7":                     {`{"task_count":7,"tasks":[` + ours + `]}`, "ours"},
		"count is garbage":                 {`{"task_count":{"a":[]},"tasks":[` + ours + `]}`, "ours"},
		"count says 1, none here":          {`{"task_count":"1","tasks":[]}`, ""},
		"other tasks only":                 {`{"task_count":"1","tasks":[{"id":"t2"}]}`, ""},
		"only the name matches":            {`{"tasks":[{"id":"t2","name":"t1a"}]}`, ""},
		"spaces around":                    {`{"tasks":[{"id":" t1a "}]}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			task, err := getTask(t, c.body, "t1A")
			if c.want == "" {
				assert.EqualError(t, err, `the instance has no task "t1A"`)
				assert.True(t, clientError(t, err).Missing())
				assert.Equal(t, 200, clientError(t, err).Response.StatusCode)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.want, task.Name)
		})
	}
}

func TestUnicodeCaseFoldingDoesNotMatchAnID(t *testing.T) {
	t.Parallel()
	_, err := getTask(t, `{"tasks":[{"id":"tas\u212a"}]}`, "task") // the Kelvin sign is a K without case
	assert.ErrorAs(t, err, new(*NoTaskError))
}

func TestFieldsOfAnyJSONTypeAreReadAsText(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		`"text"`:               "text",
		`""`:                   "",
		`null`:                 "",
		`7`:                    "7",
		`12345678901234567890`: "12345678901234567890",
		`1.50`:                 "1.50",
		`true`:                 "true",
		`{ "a": [1, "<&>"] }`:  `{"a":[1,"<&>"]}`,
		`[ ]`:                  `[]`,
		`"\ud800"`:             "\ufffd",
		"\"\xff\"":             "\ufffd",
		"{\"a\":\"\xff\"}":     "{\"a\":\"\ufffd\"}",
	} {
		body := fmt.Sprintf(`{"tasks":[{"name":%[1]s,"user_name":%[1]s,"user_id":%[1]s,"params":%[1]s,`+
			`"status":%[1]s,"created_at":%[1]s,"updated_at":%[1]s,"id":"t1"}]}`, value)
		tasks, err := decodeTasks([]byte(body))
		require.NoError(t, err, value)
		assert.Equal(t, []Task{{
			ID: "t1", Name: want, UserName: want, UserID: want, Params: want,
			Status: Status(strings.ToUpper(want)), CreatedAt: want, UpdatedAt: want,
		}}, tasks, value)
	}
}

func TestAtMost1000TasksAreKeptAndTheRequestedOneIsFoundBehindThem(t *testing.T) {
	t.Parallel()
	body := `{"tasks":[` + strings.Repeat(`{},`, 2000) + `{"id":"t1","status":"SUCCESS"}]}`
	tasks, err := decodeTasks([]byte(body))
	require.NoError(t, err)
	assert.Len(t, tasks, 1000)
	task, err := getTask(t, body, "t1")
	require.NoError(t, err)
	assert.Equal(t, Success, task.Status)
}

func TestMissingFieldsAreEmpty(t *testing.T) {
	t.Parallel()
	const other = `{"id":"t2","name":"n","user_name":"u","user_id":"i","params":"p","status":"SUCCESS",` +
		`"created_at":"2026-01-02T03:04:05Z","updated_at":"2026-01-02T03:04:05Z"}`
	for _, body := range []string{`{"tasks":[{"id":"t1"}]}`, `{"tasks":[` + other + `,{"id":"t1"},` + other + `]}`} {
		task, err := getTask(t, body, "t1")
		require.NoError(t, err)
		task.Response = Response{}
		assert.Equal(t, Task{ID: "t1"}, task, "nothing of another task")
		assert.False(t, task.Status.Ended())
	}
}

func TestTaskIDMayBeANumber(t *testing.T) {
	t.Parallel()
	task, err := getTask(t, `{"tasks":[{"id":42,"status":"FAILED"}]}`, "42")
	require.NoError(t, err)
	assert.Equal(t, Failed, task.Status)
}

func TestStatusIsCaseInsensitive(t *testing.T) {
	t.Parallel()
	for text, c := range map[string]struct {
		status       Status
		ended, known bool
	}{
		"CREATED":   {Created, false, true},
		"executing": {Executing, false, true},
		"Success":   {Success, true, true},
		"fAILED":    {Failed, true, true},
		" DELETED ": {Deleted, true, true},
		"cancelled": {Cancelled, true, true},
		"CANCELED":  {"CANCELED", false, false},
		"paused":    {"PAUSED", false, false},
		"SUCCESSES": {"SUCCESSES", false, false},
		"":          {"", false, false},
	} {
		tasks, err := decodeTasks(fmt.Appendf(nil, `{"tasks":[{"id":"t1","status":%q}]}`, text))
		require.NoError(t, err)
		require.Len(t, tasks, 1)
		assert.Equal(t, c.status, tasks[0].Status)
		assert.Equal(t, c.ended, tasks[0].Status.Ended(), text)
		assert.Equal(t, c.known, tasks[0].Status.Known(), text)
	}
}

func TestEveryListedTaskHasTheResponseOfItsList(t *testing.T) {
	t.Parallel()
	header := http.Header{"X-Request-Id": {"r1"}}
	c := respondWith(200, header, strings.NewReader(`{"tasks":[{"id":"t1"},{"id":"t2"}]}`))
	list, err := c.Tasks(t.Context(), "i1")
	require.NoError(t, err)
	require.Len(t, list.Tasks, 2)
	assert.Equal(t, "r1", list.Response.RequestID)
	for _, task := range list.Tasks {
		assert.Equal(t, list.Response, task.Response)
	}
}

func TestEmptyListIsValid(t *testing.T) {
	t.Parallel()
	list, err := respondWith(200, http.Header{}, strings.NewReader(`{"tasks":[null]}`)).Tasks(t.Context(), "i1")
	require.NoError(t, err)
	assert.Empty(t, list.Tasks)
}

// BenchmarkDecodeTask measures what reading the documented example costs, once its bytes are there.
func BenchmarkDecodeTask(b *testing.B) {
	body, err := os.ReadFile("testdata/example.json")
	require.NoError(b, err)
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if tasks, err := decodeTasks(body); err != nil || len(tasks) != 1 {
			b.Fatal(tasks, err)
		}
	}
}

func TestTimeSinceTheEndIsByTheServersClock(t *testing.T) {
	t.Parallel()
	local := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	task := Task{
		Status: Success, UpdatedAt: "2026-01-02T01:00:00Z",
		Response: Response{ServerTime: local.Add(-2 * time.Hour), ReceivedAt: local}, // the local clock is fast
	}
	since := func(change func(*Task)) (time.Duration, bool) {
		changed := task
		change(&changed)
		return changed.SinceEnd(local.Add(time.Second))
	}
	for name, c := range map[string]struct {
		change func(*Task)
		want   time.Duration
		known  bool
	}{
		"ended":               {func(*Task) {}, 4*time.Minute + 6*time.Second, true},
		"not ended":           {func(t *Task) { t.Status = Executing }, 0, false},
		"no time":             {func(t *Task) { t.UpdatedAt = "yesterday" }, 0, false},
		"no clock":            {func(t *Task) { t.Response.ServerTime = time.Time{} }, 0, false},
		"ended in the future": {func(t *Task) { t.UpdatedAt = "2026-01-02T02:00:00Z" }, 0, true}, // Date has whole seconds
	} {
		got, known := since(c.change)
		assert.Equal(t, c.want, got, name)
		assert.Equal(t, c.known, known, name)
	}
}
