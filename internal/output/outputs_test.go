package output

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/poll"
	"github.com/dmswait/dmswait/internal/sanitize"
)

func TestJSONOfEveryReport(t *testing.T) {
	t.Parallel()
	for name, r := range reports() {
		golden(t, "json/"+name, JSON(&r)+"\n")
	}
}

func TestAllOutputsArePresentInTheSameOrder(t *testing.T) {
	t.Parallel()
	want := []string{
		"status", "result", "duration", "params", "name", "task_id", "instance_id", "task",
		"progress", "waited", "polls", "results", "exit_code", "message",
	}
	var declared []string
	for _, output := range Outputs() {
		declared = append(declared, output.Name)
		assert.NotEmpty(t, output.Meaning, output.Name)
		assert.NotContains(t, output.Meaning, "\n", output.Name)
	}
	assert.Equal(t, want, declared)
	for name, r := range reports() {
		var written []string
		for _, output := range values(&r) {
			written = append(written, output.name)
		}
		assert.Equal(t, want, written, name)
		assert.Equal(t, want, keys(t, JSON(&r)), name)
	}
}

// keys returns the keys of a JSON object in their order.
func keys(t *testing.T, text string) []string {
	t.Helper()
	members, ok := decode(text).(object)
	require.True(t, ok, "%q is not an object", text)
	var names []string
	for _, m := range members {
		names = append(names, m.key)
	}
	return names
}

func TestUnknownOutputIsEmptyAndNullInJSON(t *testing.T) {
	t.Parallel()
	known := map[string]bool{"result": true, "waited": true, "polls": true, "exit_code": true, "message": true}
	r := usageReport(config.Fault{Input: "task_id", Text: "task_id is required"})
	for _, output := range values(&r) {
		if known[output.name] {
			assert.NotEmpty(t, output.text, output.name)
			assert.NotEqual(t, "null", output.json, output.name)
		} else {
			assert.Empty(t, output.text, output.name)
			assert.Equal(t, "null", output.json, output.name)
		}
	}
}

func TestOutputsOfTheDocumentedTask(t *testing.T) {
	t.Parallel()
	r := reportOf(new(documentedTask()), nil)
	r.Progress = &client.Progress{Percent: 100}
	r.Target.InstanceID = "i1"
	want := map[string]string{
		"status":      "SUCCESS",
		"result":      "success",
		"duration":    "4.659",
		"params":      r.State.Task.Params,
		"task_id":     "ff80808272dcc90f0172df1e490f41b0",
		"instance_id": "i1",
		"progress":    "100",
		"waited":      "5.2",
		"polls":       "4",
		"exit_code":   "0",
		"message":     "Task ff80808272dcc90f0172df1e490f41b0 (bindInstancePublicIp) ended with SUCCESS after 4.7s.",
		"name":        "bindInstancePublicIp",
		"task": `{"id":"ff80808272dcc90f0172df1e490f41b0","name":"bindInstancePublicIp","user_name":"dms_test",` +
			`"user_id":"xxxxxxxx93ff484a828144c6xxxxxxxx",` +
			`"params":"{\"public_ip_id\":\"06a13350-4305-4338-9f0e-6b322bb1413d\",` +
			`\"public_ip_address\":\"xx.xx.xx.xx\",\"enable_public_ip\":true}",` +
			`"status":"SUCCESS","created_at":"2020-06-23T03:00:03.471Z","updated_at":"2020-06-23T03:00:08.130Z"}`,
	}
	got := map[string]string{}
	for _, output := range values(&r) {
		got[output.name] = output.text
	}
	want["results"] = `[{"instance_id":"i1","task_id":"` + want["task_id"] + `","name":"bindInstancePublicIp",` +
		`"result":"success","exit_code":0,"status":"SUCCESS","duration":4.659,"progress":100,"params":` + want["params"] +
		`,"task":` + want["task"] + `,"message":"` + want["message"] + `"}]`
	assert.Equal(t, want, got)
}

func TestJSONAndTextOfAnOutputMeanTheSame(t *testing.T) {
	t.Parallel()
	for name, r := range reports() {
		line := JSON(&r)
		assert.NotContains(t, line, "\n", name)
		got, ok := decode(line).(object)
		require.True(t, ok, name)
		for i, output := range values(&r) {
			message := []any{"%s: %s", name, output.name}
			switch member := got[i].value.(type) {
			case nil:
				assert.Empty(t, output.text, message...)
			case json.Number:
				assert.Equal(t, output.text, member.String(), message...)
			case string:
				assert.Equal(t, output.text, member, message...)
			default:
				assert.Equal(t, decode(output.text), member, message...)
			}
			if task, ok := got[i].value.(object); ok && output.name == "task" {
				assert.Equal(t, "params", task[4].key, name)
				assert.IsType(t, "", task[4].value, "%s: the API's params are a string", name)
			}
		}
	}
}

func TestParamsAreCompactJSONOrUnchanged(t *testing.T) {
	t.Parallel()
	for params, want := range map[string]value{
		"":                            {"", "null"},
		"null":                        {"null", "null"},
		" [ 1.10 , { \"b\" : 1E2 } ]": {`[1.10,{"b":1E2}]`, `[1.10,{"b":1E2}]`},
		`" a "`:                       {`" a "`, `" a "`},
		" not  JSON ":                 {" not  JSON ", `" not  JSON "`},
	} {
		assert.Equal(t, want, valueOf(t, new(reportWithParams(params)), "params"), "%q", params)
	}
}

func TestSecondsAreExactToTheMillisecond(t *testing.T) {
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

func TestDurationOfARunningTaskIsItsAgeByTheServersClock(t *testing.T) {
	t.Parallel()
	r := reportOf(new(runningTask(10*time.Second)), poll.ErrTimeout)
	r.At = r.State.Task.Response.ReceivedAt.Add(2500 * time.Millisecond)
	assert.Equal(t, value{"12.5", "12.5"}, valueOf(t, &r, "duration"))
	r.State.Task.Response.ServerTime = time.Time{}
	assert.Equal(t, value{"", "null"}, valueOf(t, &r, "duration"), "unknown without the server's clock")
	r = reportOf(new(runningTask(10*time.Second)), poll.ErrTimeout)
	r.State.Task.CreatedAt = "yesterday"
	assert.Equal(t, value{"", "null"}, valueOf(t, &r, "duration"), "unknown without a creation time")
}

func TestOwnSecretsAreInNoOutput(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t-0123456789"
	task := client.Task{
		ID: secret, Name: secret, UserName: secret, UserID: "x" + secret, Params: `{"a":"` + secret + `"}`,
		Status: client.Status(secret), CreatedAt: secret, UpdatedAt: secret,
	}
	progress := &client.Progress{Percent: 1, Steps: []client.Step{{Name: secret, State: secret}}}
	for _, err := range append(errorsThatHold(secret), nil) {
		r := reportOf(&task, err)
		r.Secrets, r.Progress = sanitize.NewSecrets(secret), progress
		written := JSON(&r) + summary(&r, &Timeline{})
		for _, output := range values(&r) {
			written += output.text + output.json
		}
		content, _ := dotenv(&r, "DMS_")
		assert.NotContains(t, written+content, "s3cr3t")
	}
}

func TestStatusIsTruncatedOnlyInSmallDestinations(t *testing.T) {
	t.Parallel()
	task := documentedTask()
	task.Status = client.Status(strings.Repeat("É", 5000))
	r := reportOf(&task, poll.ErrTimeout)
	content, _ := dotenv(&r, "DMS_")
	assert.LessOrEqual(t, len(content), 4000)
	outputs, _ := folderValues(&r)
	truncated := strings.Repeat("É", 64) + "…"
	assert.Equal(t, "status", outputs[0].name)
	assert.Equal(t, value{truncated, `"` + truncated + `"`}, outputs[0].value)
	assert.Equal(t, string(task.Status), valueOf(t, &r, "status").text)
	assert.Contains(t, valueOf(t, &r, "task").text, string(task.Status))
}

func TestNoTerminalOrRunnerActsOnJSON(t *testing.T) {
	t.Parallel()
	for _, params := range []string{
		"##[error]", "##vso[task.complete result=Failed;]", "x ###TeamCity[y", `{"##vso[":["##[", "#\u0023vso["]}`,
		"a\r\n::stop-commands::x", "\x1b]0;title\a", "\u202e\u200b\u2066\ufeff", "\u0085\u2028\u2029\u00a0\u3000",
		"\x7f", "\U000e0041", "#\u034f#[error]\ufe0f\u3164", `{"##[group]":"###[x]","\u202e":"\u001b[2J"}`,
		"{\"\u202e\":\"\U000e0041\"}",
	} {
		line := JSON(new(reportWithParams(params)))
		assert.Equal(t, line, sanitize.Line(line), "%q", params)
		var got struct{ Params any }
		require.NoError(t, json.Unmarshal([]byte(line), &got), "%q", params)
		if json.Valid([]byte(params)) {
			var want any
			require.NoError(t, json.Unmarshal([]byte(params), &want))
			assert.Equal(t, want, got.Params)
		} else {
			assert.Equal(t, params, got.Params)
		}
	}
}
