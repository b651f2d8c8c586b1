package report

import (
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/dmswait/dmswait/internal/client"
)

// Output is one value that a pipeline can use.
type Output struct {
	Name string
	Text string // empty when it is not known
	JSON string // the same as a JSON value; null when it is not known
}

// text is an output that is a string in JSON, number one that is there as it stands.
func text(name, value string) Output   { return Output{name, value, stringOrNull(value)} }
func number(name, value string) Output { return Output{name, value, orNull(value)} }

// OutputMeanings are the outputs there are, in their order, with a line on each; action.yml and README tell the same.
func OutputMeanings() [][2]string {
	return [][2]string{
		{"status", "last status seen, upper case"},
		{"result", "how it ended: success, failure, cancelled, not_found, timeout, running, unavailable, denied, usage, internal, interrupted"},
		{"duration", "the task's own time in seconds, e.g. 4.659; while it is not over: since its creation, by the server's clock"},
		{"params", "the task's parameters: compact JSON when they are JSON, else as given"},
		{"task_id", "the task followed"},
		{"task", "the task as one JSON object with the API's eight fields"},
		{"progress", "last percentage seen"},
		{"waited", "seconds that dmswait waited"},
		{"polls", "answers asked for about the task"},
		{"exit_code", "the result's exit code"},
		{"message", "one sentence for people"},
	}
}

// Outputs are all outputs of a report, always all of them and in the same order.
func (r Report) Outputs() []Output {
	params, isJSON := redact(r.Task.Params, r.Hider)
	task := r.taskJSON(params)
	paramsJSON := stringOrNull(params)
	if isJSON {
		params = compact(params)
		paramsJSON = params
	}
	return []Output{
		text("status", r.Hider.Hide(string(r.Task.Status))),
		text("result", r.Result.Name),
		number("duration", r.duration()),
		{"params", params, paramsJSON},
		text("task_id", r.Hider.Hide(r.TaskID)),
		{"task", task, orNull(task)},
		number("progress", r.Progress),
		number("waited", seconds(r.Waited)),
		number("polls", strconv.Itoa(r.Polls)),
		number("exit_code", strconv.Itoa(r.Result.Code)),
		text("message", r.Message()),
	}
}

// taskJSON is the task with the API's eight fields, in the API's order; empty when it was never seen.
func (r Report) taskJSON(params string) string {
	task := r.Task
	if task == (client.Task{}) {
		return ""
	}
	var members []string
	for _, field := range [][2]string{
		{"id", task.ID}, {"name", task.Name}, {"user_name", task.UserName}, {"user_id", task.UserID}, {"params", params},
		{"status", string(task.Status)}, {"created_at", task.CreatedAt}, {"updated_at", task.UpdatedAt},
	} {
		members = append(members, quoteJSON(field[0])+":"+quoteJSON(r.Hider.Hide(field[1])))
	}
	return "{" + strings.Join(members, ",") + "}"
}

func stringOrNull(text string) string {
	if text == "" {
		return "null"
	}
	return quoteJSON(text)
}

func orNull(text string) string {
	if text == "" {
		return "null"
	}
	return text
}

// JSON is the report as one JSON object on one line, its keys in the order of the outputs. What a terminal or a runner might act on is escaped;
// it means the same to a JSON parser.
func (r Report) JSON() string {
	var members []string
	for _, output := range r.Outputs() {
		members = append(members, quoteJSON(output.Name)+":"+output.JSON)
	}
	return harmless("{" + strings.Join(members, ",") + "}")
}

// harmless escapes within JSON what must not reach a line as it is. All of that can stand in strings only.
func harmless(encoded string) string {
	encoded = marked.ReplaceAllString(encoded, `#\u0023$1`)
	var b strings.Builder
	for _, r := range encoded {
		switch {
		case shows(r):
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			writeEscape(&b, high)
			writeEscape(&b, low)
		default:
			writeEscape(&b, r)
		}
	}
	return b.String()
}

func writeEscape(b *strings.Builder, r rune) {
	const hex = "0123456789abcdef"
	b.WriteString(`\u`)
	for shift := 12; shift >= 0; shift -= 4 {
		b.WriteByte(hex[r>>shift&0xf])
	}
}
