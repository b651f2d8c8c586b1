// Package output writes a report to where pipelines read it: GITHUB_OUTPUT, a JSON or dotenv file, a folder of results, a
// job summary. There is one type per destination. It never decides what a wait came to, and it is not told by whom the
// report is read: whatever came over the network is data, and made safe for each destination.
package output

import (
	"strconv"
	"strings"
	"time"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/result"
	"github.com/dmswait/dmswait/internal/sanitize"
)

// Output is one value that a pipeline can use.
type Output struct {
	Name    string
	Meaning string // one line
	value   func(rendering) value
}

// value is an output's value: as text, empty when it is not known, and as JSON, null then.
type value struct{ text, json string }

// rendering is a report with what several outputs need of it.
type rendering struct {
	result.Report
	params       string // redacted
	paramsIsJSON bool
}

// Outputs returns all outputs, in the order in which they are written.
func Outputs() []Output {
	return []Output{
		{"status", "last status seen, in upper case",
			func(r rendering) value { return stringValue(r.Secrets.Redact(string(r.Task.Status))) }},
		{"result", "how the wait ended: " + strings.Join(resultNames(), ", "),
			func(r rendering) value { return stringValue(r.Result.Name) }},
		{"duration", "how long the task took in seconds, e.g. 4.659; while it is running, its age by the server's clock",
			func(r rendering) value { return numberValue(duration(r.Report)) }},
		{"params", "the task's parameters: compact JSON if they are JSON, otherwise unchanged", paramsValue},
		{"task_id", "the id of the task",
			func(r rendering) value { return stringValue(r.Secrets.Redact(r.TaskID)) }},
		{"task", "the task as one JSON object with the API's eight fields", taskValue},
		{"progress", "last percentage seen",
			func(r rendering) value { return numberValue(progress(r.Report)) }},
		{"waited", "how long dmswait waited, in seconds",
			func(r rendering) value { return numberValue(seconds(r.Waited)) }},
		{"polls", "number of status requests",
			func(r rendering) value { return numberValue(strconv.Itoa(r.Polls)) }},
		{"exit_code", "the exit code of the result",
			func(r rendering) value { return numberValue(strconv.Itoa(r.Result.Code)) }},
		{"message", "one sentence for people",
			func(r rendering) value { return stringValue(r.Message()) }},
	}
}

func resultNames() []string {
	var names []string
	for _, meaning := range result.Meanings() {
		names = append(names, meaning.Result)
	}
	return names
}

func paramsValue(r rendering) value {
	if r.paramsIsJSON {
		compact := sanitize.CompactJSON(r.params)
		return value{compact, compact}
	}
	return stringValue(r.params)
}

// taskValue returns the task with the API's eight fields, in the API's order.
func taskValue(r rendering) value {
	task := r.Task
	if task == (client.Task{}) {
		return numberValue("")
	}
	var members []string
	for _, field := range [][2]string{
		{"id", task.ID}, {"name", task.Name}, {"user_name", task.UserName}, {"user_id", task.UserID}, {"params", r.params},
		{"status", string(task.Status)}, {"created_at", task.CreatedAt}, {"updated_at", task.UpdatedAt},
	} {
		members = append(members, sanitize.QuoteJSON(field[0])+":"+sanitize.QuoteJSON(r.Secrets.Redact(field[1])))
	}
	return numberValue("{" + strings.Join(members, ",") + "}")
}

// duration returns the task's own time in seconds; empty: it is not known.
func duration(r result.Report) string {
	if took, ok := r.Task.Elapsed(r.At); ok {
		return seconds(took)
	}
	return ""
}

func progress(r result.Report) string {
	if r.Progress == nil {
		return ""
	}
	return strconv.Itoa(r.Progress.Percent)
}

// seconds writes a duration in seconds, to the millisecond and without trailing zeros.
func seconds(d time.Duration) string {
	// Duration.Seconds adds two rounded numbers: of 1.118 s it makes 1.1179999999999999.
	return strconv.FormatFloat(float64(d.Round(time.Millisecond).Milliseconds())/1000, 'f', -1, 64)
}

// stringValue returns text that is a string in JSON.
func stringValue(text string) value {
	if text == "" {
		return value{"", "null"}
	}
	return value{text, sanitize.QuoteJSON(text)}
}

// numberValue returns text that is JSON by itself.
func numberValue(text string) value {
	if text == "" {
		return value{"", "null"}
	}
	return value{text, text}
}

// named is the value of an output.
type named struct {
	name string
	value
}

// values returns all outputs of a report.
func values(r result.Report) []named {
	params, isJSON := sanitize.RedactParams(r.Task.Params, r.Secrets)
	rendering := rendering{Report: r, params: params, paramsIsJSON: isJSON}
	var all []named
	for _, output := range Outputs() {
		all = append(all, named{output.Name, output.value(rendering)})
	}
	return all
}

// JSON returns a report as one JSON object on one line, with the outputs' names as keys, in their order.
func JSON(r result.Report) string {
	var members []string
	for _, output := range values(r) {
		members = append(members, sanitize.QuoteJSON(output.name)+":"+output.json)
	}
	return sanitize.JSON("{" + strings.Join(members, ",") + "}")
}
