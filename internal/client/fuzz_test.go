package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func FuzzTasks(f *testing.F) {
	example, err := os.ReadFile("testdata/example.json")
	require.NoError(f, err)
	f.Add(example)
	for _, seed := range []string{
		``, `null`, `{}`, `{"tasks":null}`, `{"tasks":[]}`, `{"tasks":{}}`, `{"tasks":[null,1,"x",[],{}]}`,
		`{"tasks":[{"id":1,"status":" success ","params":{"a":[1, 2]}}]}`,
		"{\"tasks\":[{\"id\":\"t1\",\"name\":\"\xff\",\"params\":{\"a\":\"\xff\"},\"status\":\"ß\xff\"}]}", `{"tasks":[{"id":"t1"},{"id":"T1","created_at":1592881203471}]}`,
		`{"tasks":[{"id":"t1","status":"FAILED"}],"tasks":[{"id":"\ud800","name":null,"user_id":true}]}`, `{"TASKS":[{"ID":"t1"}]}`,
		`{"tasks":[{"id":"t1","name":"n","created_at":1592881203471},{"id":"t2","name":"n","created_at":1592881203472}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		tasks, err := decodeTasks(body)
		if err != nil {
			require.Nil(t, tasks)
			require.Equal(t, ErrNotJSON, err)
			return
		}
		require.True(t, json.Valid(body))
		require.Len(t, tasks, objects(body))
		again, err := decodeTasks(encodeTasks(t, tasks))
		require.NoError(t, err)
		require.Equal(t, tasks, again)
		for _, task := range tasks {
			requireTask(t, &task)
			if !ValidID(task.ID) {
				continue
			}
			c := respondWith(http.StatusOK, nil, strings.NewReader(string(body)))
			found, err := c.Task(t.Context(), "i1", strings.ToLower(task.ID))
			require.NoError(t, err)
			require.Equal(t, strings.ToLower(task.ID), strings.ToLower(found.ID))
			list := List{Tasks: tasks}
			newest, count := list.Newest(task.Name, time.Time{})
			created, dated := task.Created()
			latest, _ := newest.Created()
			require.False(t, dated && (count == 0 || newest.Name != task.Name || created.After(latest)))
		}
	})
}

// objects counts the tasks that a body lists: entries that are objects. If a key occurs twice, the last one counts.
func objects(body []byte) (n int) {
	var head map[string]any
	_ = json.Unmarshal(body, &head)
	entries, _ := head["tasks"].([]any)
	for _, entry := range entries {
		if _, ok := entry.(map[string]any); ok {
			n++
		}
	}
	return n
}

// encodeTasks writes tasks as the API does.
func encodeTasks(t *testing.T, tasks []Task) []byte {
	t.Helper()
	entries := []map[string]string{}
	for _, task := range tasks {
		entries = append(entries, map[string]string{
			"id": task.ID, "name": task.Name, "user_name": task.UserName, "user_id": task.UserID, "params": task.Params,
			"status": string(task.Status), "created_at": task.CreatedAt, "updated_at": task.UpdatedAt,
		})
	}
	body, err := json.Marshal(map[string]any{"task_count": strconv.Itoa(len(entries)), "tasks": entries})
	require.NoError(t, err)
	return body
}

func requireTask(t *testing.T, task *Task) {
	t.Helper()
	status := string(task.Status)
	require.Equal(t, strings.ToUpper(strings.TrimSpace(status)), status)
	require.Equal(t, slices.Contains([]string{"SUCCESS", "FAILED", "DELETED", "CANCELLED"}, status), task.Status.Ended())
	require.False(t, task.Status.Ended() && !task.Status.Known())
	for _, text := range []string{
		task.ID, task.Name, task.UserName, task.UserID, task.Params, status, task.CreatedAt, task.UpdatedAt,
	} {
		require.True(t, utf8.ValidString(text), "%q", text)
	}
}

func FuzzProgress(f *testing.F) {
	for _, seed := range []string{
		``, `null`, `{}`, `{"progress_percentage":0}`, `{"progress_percentage":"100"}`, `{"progress_percentage":"99.99"}`, `{"progress_percentage":1e2}`, `{"progress_percentage":"0x1p6"}`,
		`{"progress_percentage":"NaN"}`, `{"progress_percentage":"-0"}`, `{"progress_percentage":100.0000001}`, `{"progress_percentage":"Inf"}`, `{"progress_percentage":101}`, `{"progress_percentage":{}}`,
		`{"progress_percentage":5,"step_list":[null,{},{"name":1,"statue":"WAITING"}]}`, `{"progress_percentage":5,"step_list":{}}`,
		`{"progress_percentage":5,"step_list":[` + strings.Repeat("{},", 60) + `{}]}`, "{\"progress_percentage\":5,\"step_list\":[{\"name\":[\"\xff\"]}]}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		progress, err := decodeProgress(body)
		if err != nil {
			require.Equal(t, ErrNotJSON, err)
			require.Zero(t, progress)
			return
		}
		require.True(t, json.Valid(body))
		require.True(t, progress.Percent >= 0 && progress.Percent <= 100, "%d %%", progress.Percent)
		require.LessOrEqual(t, len(progress.Steps), 50)
		for _, step := range progress.Steps {
			require.True(t, utf8.ValidString(step.Name+step.State), "%q", step)
		}
	})
}

// FuzzResponse asserts that every response is a success or an error of one class, and the same whether it is
// traced or not. With cut, the body ends with an error.
func FuzzResponse(f *testing.F) {
	for _, c := range responses(f) {
		f.Add(c.Status, []byte(c.Body), c.Headers["X-Request-Id"], c.Cut)
	}
	f.Add(200, []byte(`{"error_code":"APIGW.0308"}`), "9f31", false)
	f.Add(404, []byte(`{"error":{"code":404,"message":"m","request_id":"\u0000"},"error_code":""}`), "", false)
	f.Add(403, []byte("<html>"), "\r\n", false)
	f.Add(404, []byte(`{"error_code":"DMS.10240407"}`), "", false)
	f.Add(400, []byte("{}"), "", true)
	f.Add(200, []byte(`{"tasks":[{"id":"t1"}]}`), "", true)
	f.Add(500, []byte("upstream \xff connect\terror"), "", true)
	f.Add(101, []byte("{}"), "", true)
	f.Add(200, zipped(`{"tasks":[{"id":"t1"}]}`), "", false)
	f.Add(-1, []byte(`{"error_code":{"a":1},"error_msg":[`+strings.Repeat("1,", 6000)+`1]}`), "", false)
	f.Fuzz(func(t *testing.T, status int, body []byte, requestID string, cut bool) {
		respond := func() *http.Response {
			content := io.Reader(strings.NewReader(string(body)))
			if cut {
				content = io.MultiReader(content, &errOnceReader{io.ErrUnexpectedEOF})
			}
			header := http.Header{"X-Request-Id": {requestID}}
			return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(content)}
		}
		content, head, err := Read(t.Context(), "read", respond())
		require.Equal(t, status, head.StatusCode)
		if err == nil {
			require.Equal(t, 2, status/100)
			if text, _ := unpack(body); len(body) <= maxBody {
				require.Equal(t, string(text), string(content))
			}
			require.False(t, cut, "a body that was cut is no response")
		} else {
			require.Nil(t, content)
			requireOneClass(t, clientError(t, err))
		}
		var trace Trace
		plain := roundTripper(func(*http.Request) (*http.Response, error) { return respond(), nil })
		for _, transport := range []http.RoundTripper{plain, &Tracer{Base: plain, Report: func(t *Trace) { trace = *t }}} {
			task, taskErr := over(transport).Task(t.Context(), "i1", "t1")
			require.Equal(t, taskErr == nil, strings.EqualFold(task.ID, "t1"))
			if taskErr != nil {
				require.Zero(t, task)
				requireOneClass(t, clientError(t, taskErr))
			}
			require.False(t, err != nil && taskErr == nil)
			_, progressErr := over(transport).Progress(t.Context(), "i1", "t1")
			require.False(t, err != nil && progressErr == nil)
		}
		require.Equal(t, status, trace.StatusCode)
		require.Equal(t, cut || status/100 == 1, trace.Err != nil)
	})
}

func requireOneClass(t *testing.T, e *Error) {
	t.Helper()
	classes := 0
	for _, is := range []bool{e.Denied(), e.NoSuchAPI(), e.Rejected(), e.Missing(), e.Failing()} {
		if is {
			classes++
		}
	}
	require.Equal(t, 1, classes, classOf(e))
	require.False(t, e.Throttled() && !e.Failing(), "throttling is an outage")
	unread := e.Err != nil && !errors.As(e.Err, new(*NoTaskError))
	require.False(t, unread && !e.Denied() && !e.Failing(), "a body that was not read proves nothing: %v", e)
	require.Equal(t, e.Foreign, e.Misconfigured())
	require.Less(t, len(e.Error()), 4*(64+500+500+64)+200)
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("Thu, 01 Jan 2026 20:00:00 GMT", "Thu, 01 Jan 2026 19:59:59 GMT")
	for _, value := range []string{
		"", "0", "7", "-7", "+7", "1.5", "NaN", "9223372037", "99999999999999999999999",
		"Thu, 01 Jan 2026 20:01:30 GMT", "Thu Jan  1 20:01:30 2026",
	} {
		f.Add("Thu, 01 Jan 2026 20:00:00 GMT", value)
		f.Add(value, "Fri, 31 Dec 9999 23:59:59 GMT")
	}
	const longest = math.MaxInt64 / int64(time.Second) // in seconds
	f.Fuzz(func(t *testing.T, date, value string) {
		at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		read := func(local time.Time) Response {
			return readHead(&http.Response{Header: http.Header{"Retry-After": {value}, "Date": {date}}}, local)
		}
		head := read(at)
		require.GreaterOrEqual(t, head.RetryAfter, time.Duration(0))
		server, known := head.Clock(at)
		until, err := http.ParseTime(value)
		seconds, secondsErr := strconv.ParseUint(value, 10, 64)
		switch {
		case secondsErr == nil && seconds <= uint64(longest):
			require.Equal(t, time.Duration(seconds)*time.Second, head.RetryAfter)
		case secondsErr == nil || errors.Is(secondsErr, strconv.ErrRange):
			require.Equal(t, time.Duration(longest)*time.Second, head.RetryAfter)
		case err != nil:
			require.Zero(t, head.RetryAfter)
		case known:
			require.Equal(t, max(0, until.Sub(server)), head.RetryAfter)
		}
		if !known {
			return
		}
		require.Equal(t, head.RetryAfter, read(at.AddDate(30, 0, 0)).RetryAfter,
			"the local clock does not matter where the server's is known")
		later, _ := head.Clock(at.Add(90 * time.Second))
		require.Equal(t, 90*time.Second, later.Sub(server))
		sent := http.Header{"Date": {server.UTC().Format(http.TimeFormat)}}
		again, ok := new(readHead(&http.Response{Header: sent}, at)).Clock(at)
		require.True(t, ok && again.Equal(server), "%v, %v", server, again)
	})
}

func FuzzTime(f *testing.F) {
	for _, seed := range []string{
		"", "0", "2020-06-23T03:00:03.471Z", "2020-06-23T11:00:03.471+0800", "2020-06-23 11:00:03,471-05:30", "1592881203471", "-1", "+1592881203471", "9223372036854775807",
		"2199-12-31T23:59:59.999999999Z", "2000-01-01T00:00:00+2359", "2020-02-30T00:00:00Z", "2020-06-23T24:00:00Z", "2020-06-23T03:00:60Z",
	} {
		f.Add(seed, "2020-06-23T03:00:08.130Z", "Tue, 23 Jun 2020 03:00:09 GMT")
		f.Add("2020-06-23T03:00:08.130Z", seed, "Fri, 31 Dec 9999 23:59:59 GMT")
	}
	f.Fuzz(func(t *testing.T, created, updated, date string) {
		head := readHead(&http.Response{Header: http.Header{"Date": {date}}}, time.Unix(0, 0))
		task := Task{CreatedAt: created, UpdatedAt: updated, Response: head}
		at, ok := task.Created()
		if again, same := task.Created(); same != ok || !again.Equal(at) {
			t.Errorf("%q is %v, then %v", created, at, again)
		}
		if ok {
			milliseconds := at.UnixMilli()
			for _, text := range []string{
				at.UTC().Format(time.RFC3339Nano),
				at.In(time.FixedZone("", 8*3600)).Format("2006-01-02T15:04:05.999999999Z0700"),
				at.In(time.FixedZone("", -19800)).Format("2006-01-02 15:04:05.999999999Z0700"),
				strconv.FormatInt(milliseconds, 10),
				fmt.Sprintf("%013d", milliseconds),
			} {
				read, ok := parseTime(text)
				require.True(t, ok && (read.Equal(at) || read.Equal(at.Truncate(time.Millisecond))),
					"%q is %v, not %v", text, read, at)
			}
		}
		for _, status := range []Status{Executing, Success} {
			task.Status = status
			elapsed, known := task.Elapsed(time.Unix(0, 0).Add(time.Hour))
			require.False(t, known && elapsed < 0, "%v", elapsed)
			require.False(t, known && !ok, "without a creation time the duration is unknown")
		}
	})
}
