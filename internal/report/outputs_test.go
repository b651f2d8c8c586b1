package report

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/poll"
)

// reports are of every sort, by the name of the golden file of their JSON.
func reports() map[string]Report {
	odd := documented()
	odd.Name, odd.UserName, odd.Status, odd.CreatedAt = "##[group]\r\n::error::", "\u202eevil\x1b[31m", "\x00PAUSED\u2028", "yesterday"
	neverSeen := ofTask(client.Task{}, ending(poll.ErrNotFound, absent()))
	neverSeen.TaskID = "ff80808272dcc90f0172df1e490f41b0"
	halfway := ofTask(running(3661*time.Second), poll.ErrTimeout)
	halfway.Progress = "40"
	return map[string]Report{
		"success":         ofTask(documented(), nil),
		"timeout":         halfway,
		"never_seen":      neverSeen,
		"faults":          {Result: Usage, Err: Faults{"task_id: is missing"}},
		"numbers":         withParams(`{ "z": 1.10, "a": 12345678901234567890, "m": 1E400, "neg": -0 }`),
		"params_not_json": withParams("expand to 300 GB, \"now\"\n"),
		"params_array":    withParams(`[1, {"b":null,"a":[]}]`),
		"redacted":        withParams(`{"b":1.10,"adminPassword":{"x":1},"a":"{\"user_token\":\"t0k\",\"n\":1.10}"}`),
		"hostile":         ofTask(odd, poll.ErrTimeout),
		"empty_task":      ofTask(client.Task{ID: "t1", Status: client.Success, Answer: client.Answer{StatusCode: 200}}, nil),
	}
}

func TestTheResultAsJSON(t *testing.T) {
	t.Parallel()
	for name, r := range reports() {
		golden(t, "json/"+name, r.JSON()+"\n")
	}
}

func TestAllOutputsAreAlwaysThereInTheirOrder(t *testing.T) {
	t.Parallel()
	var meant []string
	for _, meaning := range OutputMeanings() {
		meant = append(meant, meaning[0])
		assert.NotEmpty(t, meaning[1], meaning[0])
	}
	assert.Equal(t, []string{"status", "result", "duration", "params", "task_id", "task", "progress", "waited", "polls", "exit_code", "message"}, meant)
	for name, r := range reports() {
		var names []string
		for _, o := range r.Outputs() {
			names = append(names, o.Name)
		}
		assert.Equal(t, meant, names, name)
		assert.Equal(t, meant, keys(t, r.JSON()), name)
	}
}

// keys are the keys of a JSON object, in their order.
func keys(t *testing.T, object string) []string {
	t.Helper()
	decoder := json.NewDecoder(strings.NewReader(object))
	_, err := decoder.Token()
	require.NoError(t, err)
	var names []string
	for decoder.More() {
		name, err := decoder.Token()
		require.NoError(t, err)
		names = append(names, name.(string))
		var value json.RawMessage
		require.NoError(t, decoder.Decode(&value))
	}
	return names
}

func TestWhatIsUnknownIsEmptyAndNullInJSON(t *testing.T) {
	t.Parallel()
	known := map[string]bool{"result": true, "waited": true, "polls": true, "exit_code": true, "message": true}
	for _, o := range (Report{Result: Usage, Err: Faults{"task_id: is missing"}}).Outputs() {
		if known[o.Name] {
			assert.NotEmpty(t, o.Text, o.Name)
			assert.NotEqual(t, "null", o.JSON, o.Name)
		} else {
			assert.Empty(t, o.Text, o.Name)
			assert.Equal(t, "null", o.JSON, o.Name)
		}
	}
}

func TestTheTextsOfOutputsAreTheContracts(t *testing.T) {
	t.Parallel()
	r := ofTask(documented(), nil)
	r.Progress = "100"
	want := map[string]string{
		"status":    "SUCCESS",
		"result":    "success",
		"duration":  "4.659",
		"params":    r.Task.Params,
		"task_id":   "ff80808272dcc90f0172df1e490f41b0",
		"progress":  "100",
		"waited":    "5.2",
		"polls":     "4",
		"exit_code": "0",
		"message":   "Task ff80808272dcc90f0172df1e490f41b0 ended with SUCCESS after 4.659 s.",
		"task": `{"id":"ff80808272dcc90f0172df1e490f41b0","name":"bindInstancePublicIp","user_name":"dms_test","user_id":"xxxxxxxx93ff484a828144c6xxxxxxxx",` +
			`"params":"{\"public_ip_id\":\"06a13350-4305-4338-9f0e-6b322bb1413d\",\"public_ip_address\":\"xx.xx.xx.xx\",\"enable_public_ip\":true}",` +
			`"status":"SUCCESS","created_at":"2020-06-23T03:00:03.471Z","updated_at":"2020-06-23T03:00:08.130Z"}`,
	}
	for _, o := range r.Outputs() {
		assert.Equal(t, want[o.Name], o.Text, o.Name)
	}
}

func TestWhatIsInTheJSONMeansTheSameAsTheOutputs(t *testing.T) {
	t.Parallel()
	for name, r := range reports() {
		line := r.JSON()
		assert.NotContains(t, line, "\n", name)
		var got map[string]any
		decoder := json.NewDecoder(strings.NewReader(line))
		decoder.UseNumber()
		require.NoError(t, decoder.Decode(&got), name)
		for _, o := range r.Outputs() {
			switch value := got[o.Name].(type) {
			case nil:
				assert.Contains(t, []string{"", "null"}, o.Text, "%s: %s", name, o.Name)
			case json.Number:
				assert.Equal(t, o.Text, value.String(), "%s: %s", name, o.Name)
			case string:
				assert.Equal(t, o.Text, value, "%s: %s", name, o.Name)
			default:
				want := parsed(t, o.Text)
				assert.Equal(t, want, value, "%s: %s", name, o.Name)
			}
		}
		if task, ok := got["task"].(map[string]any); ok {
			assert.IsType(t, "", task["params"], "the API's params are a string")
		}
	}
}

func TestDurationsAreSecondsToTheMillisecond(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0:                                   "0",
		4659 * time.Millisecond:             "4.659",
		1118 * time.Millisecond:             "1.118",
		1100 * time.Millisecond:             "1.1",
		time.Minute:                         "60",
		100 * time.Hour:                     "360000",
		1499 * time.Microsecond:             "0.001",
		1500 * time.Microsecond:             "0.002",
		2562047*time.Hour + time.Nanosecond: "9223369200",
	} {
		assert.Equal(t, want, seconds(d))
	}
	for ms := range 100_000 {
		want := strings.TrimRight(strings.TrimRight(fmt.Sprintf("%d.%03d", ms/1000, ms%1000), "0"), ".")
		if got := seconds(time.Duration(ms) * time.Millisecond); got != want {
			require.Equal(t, want, got)
		}
	}
}

func TestTheDurationOfATaskThatGoesOnIsItsAgeByTheServersClock(t *testing.T) {
	t.Parallel()
	r := ofTask(running(10*time.Second), poll.ErrTimeout)
	r.At = r.Task.Answer.ReceivedAt.Add(2500 * time.Millisecond)
	assert.Equal(t, "12.5", output(r, "duration").Text)
	r.Task.Answer.ServerTime = time.Time{}
	assert.Empty(t, output(r, "duration").Text, "without a clock it is not known")
	r.Task.CreatedAt = "yesterday"
	assert.Equal(t, "null", output(r, "duration").JSON)
}

func TestOutputsHoldNoSecretOfOurs(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t-0123456789"
	task := client.Task{ID: "t1", Name: secret, UserName: secret, UserID: "x" + secret, Params: `{"a":"` + secret + `"}`, Status: client.Status(secret), CreatedAt: secret, UpdatedAt: secret}
	for _, err := range []error{poll.ErrRunning, poll.ErrTimeout, answered(403, secret, secret), unanswered(errors.New(secret)), Faults{"task_id: " + secret}} {
		r := ofTask(task, err)
		r.Hider = NewHider([]string{secret})
		for _, o := range r.Outputs() {
			assert.NotContains(t, o.Text+o.JSON, "s3cr3t", o.Name)
		}
		assert.NotContains(t, r.JSON(), "s3cr3t")
	}
}

func TestAStatusOfAnyLengthFitsWhereOutputsGoByFile(t *testing.T) {
	t.Parallel()
	task := documented()
	task.Status = client.Status(strings.Repeat("É", 5000))
	r := ofTask(task, poll.ErrTimeout)
	content, _ := r.Dotenv("DMS_")
	assert.LessOrEqual(t, len(content), smallPlace)
	results, _ := r.Results()
	assert.Equal(t, Output{"status", strings.Repeat("É", 32) + "…", `"` + strings.Repeat("É", 32) + `…"`}, results[0])
	assert.Equal(t, string(task.Status), output(r, "status").Text, "elsewhere it is as it came")
	assert.Contains(t, output(r, "task").Text, string(task.Status), "the task is told as the API has it")
}

func TestTheJSONHoldsNothingATerminalOrARunnerActsOn(t *testing.T) {
	t.Parallel()
	for _, params := range []string{
		"##[error]", "##vso[task.complete result=Failed;]", "x ###TeamCity[y", `{"##vso[":["##[", "#\u0023vso["]}`, "a\r\n::stop-commands::x", "\x1b]0;title\a", "\u202e\u200b\u2066\ufeff", "\u0085\u2028\u2029\u00a0\u3000", "\x7f", "\U000e0041",
		"#\u034f#[error]\ufe0f\u3164", `{"##[group]":"###[x]","\u202e":"\u001b[2J"}`, "{\"\u202e\":\"\U000e0041\"}",
	} {
		r := withParams(params)
		line := r.JSON()
		assert.Equal(t, line, visible(line), "%q", params)
		var got struct{ Params any }
		require.NoError(t, json.Unmarshal([]byte(line), &got), "%q", params)
		if json.Valid([]byte(params)) {
			assert.Equal(t, parsed(t, params), got.Params)
		} else {
			assert.Equal(t, params, got.Params)
		}
	}
}
