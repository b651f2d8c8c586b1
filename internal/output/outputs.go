// Package output writes a report to where pipelines read it: GITHUB_OUTPUT, a JSON or dotenv file, a folder of
// results, a job summary. There is one type per destination. Text that came over the network is data, and is
// written so that no runner, shell or Markdown page acts on it. The package never decides what a wait came to.
package output

import (
	"strconv"
	"strings"
	"time"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/result"
	"github.com/dmswait/dmswait/internal/sanitize"
	"github.com/dmswait/dmswait/internal/target"
)

// Output is one value that a pipeline can use.
type Output struct {
	Name    string
	Meaning string // one line
	value   func(*rendering) value
	form
}

// form says how an output is written where a shell reads it, and in small destinations. Without one, a value is
// escaped, so that no shell acts on it, and never left empty.
type form struct {
	shell shellForm
	short int // how many characters of the value small destinations get; 0: all
	drop  int // its turn to be left empty where not all outputs fit, from 1 on; 0: never
}

// shellForm is how dotenv writes a value.
type shellForm int

const (
	escaped shellForm = iota // as JSON in which a shell acts on nothing; a number stays as it is
	bare                     // as it is: an id, or a word of our own
	upper                    // as a word in upper case
	omitted                  // not at all
)

// value is an output's value as text and as JSON. One that is not known is empty and null.
type value struct{ text, json string }

// rendering is a report with its params redacted, which several outputs need.
type rendering struct {
	result.Report
	params       string
	paramsIsJSON bool
	known        map[string]value // outputs so far: params and task can be large
}

// targetOutputs are the outputs that results has for each target.
var targetOutputs = []string{
	"instance_id", "task_id", "name", "result", "exit_code", "status", "duration", "progress", "params", "task", "message",
}

// Outputs returns all outputs, in the order in which they are written.
func Outputs() []Output {
	return []Output{
		{"status", "last status seen, in upper case",
			func(r *rendering) value { return stringValue(r.Secrets.Redact(string(r.State.Status))) },
			form{shell: upper, short: 64}}, // DMS's own are shorter
		{"result", "how the wait ended, e.g. success, failure, timeout",
			func(r *rendering) value { return stringValue(r.Result.Name) }, form{shell: bare}},
		{"duration", "how long the task took in seconds, e.g. 4.659; its age while it is running",
			func(r *rendering) value { return jsonValue(duration(&r.Report)) }, form{}},
		{"params", "the task's parameters, usually JSON; secrets are redacted",
			paramsValue, form{drop: 3}},
		{"name", "the task's name, as the API gives it",
			func(r *rendering) value { return stringValue(r.Secrets.Redact(r.State.Task.Name)) }, form{short: 64}},
		{"task_id", "the id of the task",
			func(r *rendering) value { return stringValue(r.Secrets.Redact(r.Target.TaskID)) }, form{shell: bare}},
		{"instance_id", "the id of the instance",
			func(r *rendering) value { return stringValue(r.Secrets.Redact(r.Target.InstanceID)) }, form{shell: bare}},
		{"task", "the task as one JSON object with the API's eight fields", taskValue, form{drop: 2}},
		{"progress", "last percentage seen",
			func(r *rendering) value { return jsonValue(progress(&r.Report)) }, form{}},
		{"waited", "how long dmswait waited, in seconds",
			func(r *rendering) value { return jsonValue(seconds(r.Waited)) }, form{}},
		{"polls", "number of status requests",
			func(r *rendering) value { return jsonValue(strconv.Itoa(r.Polls)) }, form{}},
		{"results", "a JSON array with one object per target, in the order given",
			resultsValue, form{drop: 1}},
		{"exit_code", "the exit code of the result, whatever succeed_on says",
			func(r *rendering) value { return jsonValue(strconv.Itoa(r.Result.Code)) }, form{}},
		{"message", "one sentence for people",
			func(r *rendering) value { return stringValue(r.Message()) }, form{shell: omitted}}, // it has blanks
	}
}

func paramsValue(r *rendering) value {
	if r.paramsIsJSON {
		compact := sanitize.CompactJSON(r.params)
		return value{compact, compact}
	}
	return stringValue(r.params)
}

// taskValue returns the task with the API's eight fields, in the API's order.
func taskValue(r *rendering) value {
	task := r.State.Task
	if task == (client.Task{}) {
		return jsonValue("")
	}
	var members []string
	for _, field := range [][2]string{
		{"id", task.ID},
		{"name", task.Name},
		{"user_name", task.UserName},
		{"user_id", task.UserID},
		{"params", r.params},
		{"status", string(task.Status)},
		{"created_at", task.CreatedAt},
		{"updated_at", task.UpdatedAt},
	} {
		members = append(members, sanitize.QuoteJSON(field[0])+":"+sanitize.QuoteJSON(r.Secrets.Redact(field[1])))
	}
	return jsonValue("{" + strings.Join(members, ",") + "}")
}

// resultsValue returns the reports of all targets as an array.
func resultsValue(r *rendering) value {
	byName := map[string]Output{}
	for _, output := range Outputs() {
		byName[output.Name] = output
	}
	all := r.All
	if len(all) == 0 {
		all = []result.Report{r.Report}
	}
	var b strings.Builder
	for i := range all {
		if all[i].Target == (target.Target{}) { // the inputs name none
			continue
		}
		rendering := r // of a single target
		if len(all) > 1 {
			rendering = render(&all[i])
		}
		separator := ",{"
		if b.Len() == 0 {
			separator = "[{"
		}
		for _, name := range targetOutputs {
			member, ok := rendering.known[name]
			if !ok {
				member = byName[name].value(rendering)
			}
			b.WriteString(separator + sanitize.QuoteJSON(name) + ":")
			b.WriteString(member.json)
			separator = ","
		}
		b.WriteString("}")
	}
	if b.Len() == 0 {
		return jsonValue("")
	}
	b.WriteString("]")
	return jsonValue(b.String())
}

// duration returns the task's own time in seconds, or "" where it is not known.
func duration(r *result.Report) string {
	if took, ok := r.State.Task.Elapsed(r.At); ok {
		return seconds(took)
	}
	return ""
}

// progress returns the last percentage, or "" where none was seen.
func progress(r *result.Report) string {
	if r.Progress == nil {
		return ""
	}
	return strconv.Itoa(r.Progress.Percent)
}

// seconds returns a duration in seconds, to the millisecond and without trailing zeros.
func seconds(d time.Duration) string {
	// Not Duration.Seconds, which adds two rounded numbers: for 1.118 s it returns 1.1179999999999999.
	return strconv.FormatFloat(float64(d.Round(time.Millisecond).Milliseconds())/1000, 'f', -1, 64)
}

// stringValue returns the value of text that becomes a string in JSON.
func stringValue(text string) value {
	if text == "" {
		return value{"", "null"}
	}
	return value{text, sanitize.QuoteJSON(text)}
}

// jsonValue returns the value of text that is JSON already: a number or an object.
func jsonValue(text string) value {
	if text == "" {
		return value{"", "null"}
	}
	return value{text, text}
}

// named is an output's value with the output's name and form.
type named struct {
	name string
	value
	form
}

func render(r *result.Report) *rendering {
	params, isJSON := sanitize.RedactParams(r.State.Task.Params, r.Secrets)
	return &rendering{Report: *r, params: params, paramsIsJSON: isJSON, known: map[string]value{}}
}

// values returns all outputs of a report.
func values(r *result.Report) []named {
	rendering := render(r)
	var all []named
	for _, output := range Outputs() {
		value := output.value(rendering)
		rendering.known[output.Name] = value
		all = append(all, named{output.Name, value, output.form})
	}
	return all
}

// JSON returns a report as one JSON object on one line. Its keys are the outputs' names, in their order.
func JSON(r *result.Report) string {
	var members []string
	for _, output := range values(r) {
		members = append(members, sanitize.QuoteJSON(output.name)+":"+output.json)
	}
	return sanitize.JSON("{" + strings.Join(members, ",") + "}")
}
