package simulator_test

import (
	"encoding/json"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
)

func TestExampleTaskHasDocumentedBytes(t *testing.T) {
	t.Parallel()
	clock := &fakeClock{}
	response, body := get(t, start(t, simulator.Simulator{Clock: clock.Now}), example)

	documented, err := os.ReadFile("testdata/example.json")
	require.NoError(t, err)
	assert.Equal(t, string(documented), body)
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.Equal(t, "application/json", response.Header.Get("Content-Type"))
	assert.Equal(t, "Fri, 02 Jan 2026 12:00:00 GMT", response.Header.Get("Date"))
	assert.Regexp(t, "^[0-9a-f]{32}$", response.Header.Get("X-Request-Id"))
}

func TestStatusFollowsClock(t *testing.T) {
	t.Parallel()
	clock := &fakeClock{}
	server := start(t, simulator.Simulator{Clock: clock.Now, Tasks: []simulator.Task{{
		ID:  taskID,
		Age: 90 * time.Second,
		Steps: []simulator.Step{
			{After: -time.Minute, Status: "EXECUTING"},
			{After: 1500 * time.Millisecond, Status: "FAILED"},
		},
	}}})

	const created = "2026-01-02T11:58:30.000Z"
	for _, want := range []struct {
		at              time.Duration
		status, updated string
	}{
		{-70 * time.Second, "CREATED", created}, // a clock can be set back
		{0, "EXECUTING", "2026-01-02T11:59:00.000Z"},
		{1499 * time.Millisecond, "EXECUTING", "2026-01-02T11:59:00.000Z"},
		{1500 * time.Millisecond, "FAILED", "2026-01-02T12:00:01.500Z"},
		{time.Hour, "FAILED", "2026-01-02T12:00:01.500Z"},
	} {
		clock.Set(want.at)
		_, body := get(t, server, tasks+"/"+taskID)
		assert.JSONEq(t, `{"task_count":"1","tasks":[{
			"id":"`+taskID+`","name":"","user_name":"","user_id":"","params":"",
			"status":"`+want.status+`","created_at":"`+created+`","updated_at":"`+want.updated+`"
		}]}`, body, "at %v", want.at)
	}
}

func TestTaskWithNegativeAgeIsMissingUntilCreated(t *testing.T) {
	t.Parallel()
	clock := &fakeClock{}
	server := start(t, simulator.Simulator{Clock: clock.Now, Tasks: []simulator.Task{{
		ID: taskID, Age: -10 * time.Second,
		Steps:    []simulator.Step{{Status: "EXECUTING"}}, // takes effect when the task is created
		Progress: []simulator.ProgressStep{{Percent: 1}},
	}}})
	const missing = `{"task_count":"0","tasks":[]}`

	clock.Set(9999 * time.Millisecond)
	for _, path := range []string{tasks, tasks + "/" + taskID} {
		response, body := get(t, server, path)
		assert.Equal(t, http.StatusOK, response.StatusCode)
		assert.Equal(t, missing, body)
	}
	response, _ := get(t, server, tasks+"/"+taskID+"/progress")
	assert.Equal(t, http.StatusNotFound, response.StatusCode)

	clock.Set(10 * time.Second)
	for _, path := range []string{tasks, tasks + "/" + taskID} {
		_, body := get(t, server, path)
		const created = "2026-01-02T12:00:10.000Z"
		assert.Contains(t, body, `"status":"EXECUTING","created_at":"`+created+`","updated_at":"`+created+`"`)
	}
}

func TestTaskCanStartOnItsFirstPoll(t *testing.T) {
	t.Parallel()
	clock := &fakeClock{}
	server := start(t, simulator.Simulator{Clock: clock.Now, Tasks: []simulator.Task{{
		ID: taskID, OnFirstPoll: true,
		Steps:    []simulator.Step{{After: 2 * time.Second, Status: "SUCCESS"}},
		Progress: []simulator.ProgressStep{{After: time.Second, Percent: 50}},
	}}})
	clock.Set(time.Hour)
	_, body := get(t, server, tasks)
	assert.Contains(t, body, `"CREATED","created_at":"2026-01-02T13:00:00.000Z"`, "not started by the list")

	clock.Set(2 * time.Hour)
	for _, want := range []struct {
		at       time.Duration
		status   string
		progress string
	}{
		{0, "CREATED", `"progress_percentage":0,`},
		{1999 * time.Millisecond, "CREATED", `"progress_percentage":50,`},
		{2 * time.Second, "SUCCESS", `"progress_percentage":50,`},
	} {
		clock.Set(2*time.Hour + want.at)
		_, body := get(t, server, tasks+"/"+taskID)
		assert.Contains(t, body, `"status":"`+want.status+`","created_at":"2026-01-02T14:00:00.000Z"`)
		_, body = get(t, server, tasks+"/"+taskID+"/progress")
		assert.Contains(t, body, want.progress)
	}
}

func TestListIsNewestFirstAndPaged(t *testing.T) {
	t.Parallel()
	s := simulator.Simulator{}
	for i := range 105 { // the higher the id, the older
		s.Tasks = append(s.Tasks, simulator.Task{ID: strings.Repeat("0", 29) + pad(i),
			Age: time.Duration(i) * time.Minute})
	}
	s.Tasks[0], s.Tasks[104] = s.Tasks[104], s.Tasks[0]
	server := start(t, s)

	for query, want := range map[string]struct{ count, first int }{
		"":                   {10, 0},
		"?limit=3":           {3, 0},
		"?start=1&limit=100": {100, 0},
		"?start=101&limit=9": {5, 100},
		"?start=106":         {0, 0},
	} {
		_, body := get(t, server, tasks+query)
		var list struct {
			TaskCount string `json:"task_count"`
			Tasks     []struct{ ID string }
		}
		require.NoError(t, json.Unmarshal([]byte(body), &list), query)
		assert.Equal(t, "105", list.TaskCount, query)
		require.Len(t, list.Tasks, want.count, query)
		for i, task := range list.Tasks {
			assert.Equal(t, strings.Repeat("0", 29)+pad(want.first+i), task.ID, query)
		}
	}
	for _, query := range []string{"?limit=101", "?limit=0", "?limit=x", "?start=0", "?limit="} {
		response, body := get(t, server, tasks+query)
		assert.Equal(t, http.StatusBadRequest, response.StatusCode, query)
		assert.Contains(t, body, `"error_code":"DMS.`, query)
	}
}

func pad(i int) string { return strconv.Itoa(1000 + i)[1:] }

func TestProgressFollowsClock(t *testing.T) {
	t.Parallel()
	clock := &fakeClock{}
	server := start(t, simulator.Simulator{Clock: clock.Now, Tasks: []simulator.Task{
		{ID: taskID, Progress: []simulator.ProgressStep{{After: time.Second, Percent: 40},
			{After: 2 * time.Second, Percent: 100}}},
		simulator.ExampleTask,
	}})
	const pre = `{"name":"pre_check","statue":"COMPLETED","start_time":1767355200000,"end_time":1767355200000}`
	for at, want := range map[time.Duration]string{
		0: `{"progress_percentage":0,"remain_time":0,"step_list":[` + pre +
			`,{"name":"expand","statue":"IN_PROGRESS","start_time":1767355200000,"end_time":""}]}`,
		time.Second: `{"progress_percentage":40,"remain_time":0,"step_list":[` + pre +
			`,{"name":"expand","statue":"IN_PROGRESS","start_time":1767355200000,"end_time":""}]}`,
		2 * time.Second: `{"progress_percentage":100,"remain_time":0,"step_list":[` + pre +
			`,{"name":"expand","statue":"COMPLETED","start_time":1767355200000,"end_time":1767355202000}]}`,
	} {
		clock.Set(at)
		_, body := get(t, server, tasks+"/"+taskID+"/progress")
		assert.Equal(t, want, body, "at %v", at)
	}
	response, body := get(t, server, example+"/progress")
	assert.Equal(t, http.StatusNotFound, response.StatusCode)
	assert.Contains(t, body, `"error_code":"DMS.`)
}

func TestIDsAreCaseInsensitive(t *testing.T) {
	t.Parallel()
	server := start(t, simulator.Simulator{
		ProjectID:  "ABCDEFABCDEFABCDEFABCDEFABCDEFAB",
		InstanceID: "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
	})
	_, body := get(t, server, "/v2/abcdefabcdefabcdefabcdefabcdefab"+
		"/instances/AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE/tasks/FF80808272DCC90F0172DF1E490F41B0")
	assert.Contains(t, body, `"task_count":"1"`)
	assert.Contains(t, body, `"id":"ff80808272dcc90f0172df1e490f41b0"`)
}

func TestInvalidRequestsAreRejected(t *testing.T) {
	t.Parallel()
	const (
		project  = simulator.DefaultProjectID
		instance = simulator.DefaultInstanceID
		zeros    = "00000000000000000000000000000000"
	)
	server := start(t, simulator.Simulator{})
	for name, test := range map[string]struct {
		path    string
		headers []string
		status  int
		code    string
	}{
		"unknown path":           {"/v2/" + project + "/queues", nil, 404, "APIGW.0101"},
		"unknown path, no login": {"/", []string{"X-Auth-Token", ""}, 404, "APIGW.0101"},
		"path below a known one": {example + "/progress/more", nil, 404, "APIGW.0101"},
		"empty task id":          {tasks + "/", nil, 404, "APIGW.0101"},
		"no login, malformed id": {"/v2/p/instances/i/tasks/t", []string{"X-Auth-Token", ""}, 401, "APIGW.0301"},
		"malformed project":      {"/v2/p/instances/" + instance + "/tasks", nil, 400, "DMS.00400002"},
		"another project": {"/v2/" + zeros + "/instances/" + instance + "/tasks", nil, 403,
			"DMS.00403002"},
		"another project in header": {tasks, []string{"X-Project-Id", zeros}, 403, "DMS.00403002"},
		"malformed instance": {"/v2/" + project + "/instances/" + zeros + "/tasks", nil, 400,
			"DMS.00400061"},
		"malformed task":           {tasks + "/" + instance, nil, 400, "DMS.00400070"},
		"malformed task, progress": {tasks + "/x/progress", nil, 400, "DMS.00400070"},
		"unknown instance": {"/v2/" + project +
			"/instances/00000000-0000-0000-0000-000000000000/tasks/" + zeros, nil, 404, "DMS.00404022"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, body := get(t, server, test.path, test.headers...)
			assert.Equal(t, test.status, response.StatusCode)
			assert.Contains(t, body, `{"error_code":"`+test.code+`","error_msg":"`)
			if strings.HasPrefix(test.code, "APIGW.") {
				assert.Contains(t, body, `"request_id":"`+response.Header.Get("X-Request-Id")+`"}`)
			} else {
				assert.NotContains(t, body, "request_id")
			}
		})
	}
}

func TestOnlyGETIsAllowed(t *testing.T) {
	t.Parallel()
	server := start(t, simulator.Simulator{})
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
		r := newRequest(t, t.Context(), server.URL+example)
		r.Method = method
		response, body := do(t, client(t), r)
		assert.Equal(t, http.StatusMethodNotAllowed, response.StatusCode, method)
		assert.Equal(t, "GET", response.Header.Get("Allow"))
		assert.Contains(t, body, `"error_code":"APIGW.0201"`)
	}
}
