package faults_test

import (
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

const (
	endedBody = `{"task_count":"1","tasks":[{"id":"OURS","name":"n","status":"SUCCESS",` +
		`"created_at":"2020-06-23T03:00:03.471Z","updated_at":"2020-06-23T03:00:08.130Z"}]}`
	executing = `{"tasks":[{"id":"` + trial.TaskID + `","status":"EXECUTING"}]}`
	refusal   = `{"error_code":"DMS.00000000","error_msg":"SECRET"}`
	other     = `{"id":"0123456789abcdef0123456789abcdef","status":"SUCCESS"},`
	mebibyte  = 1 << 20
)

// bodies are what statuses come with.
var bodies = map[string]string{
	"a service's":   refusal,
	"the gateway's": `{"error_code":"APIGW.0201","error_msg":"SECRET","request_id":"SECRET"}`,
	"IAM's":         `{"error":{"code":"IAM.0000","message":"SECRET","title":"SECRET"}}`,
	"HTML":          "<html><head><title>SECRET</title></head><body>\r\n<h1>Oops</h1></body></html>",
	"binary":        "\x00\x1b[2J\xff\xfe\n::error::forged\r##[error]SECRET",
	"none":          "",
}

// filled replaces the placeholders of our task and our secrets.
func filled(text, secret string) string {
	upper := strings.ToUpper(trial.TaskID)
	return strings.NewReplacer("OURS-IN-CAPITALS", upper, "OURS", trial.TaskID, "SECRET", secret).Replace(text)
}

// literal returns the response that a fault is written as: its status, headers and body, each in
// backticks. It returns nil for a fault that has a name instead.
func literal(cell string) *simulator.Response {
	codes := codeSpans.FindAllStringSubmatch(cell, -1)
	if codes == nil {
		return nil
	}
	response := &simulator.Response{Header: http.Header{}}
	response.Status, _ = strconv.Atoi(codes[0][1])
	for _, code := range codes[1:] {
		if header := headerSpan.FindStringSubmatch(code[1]); header != nil {
			response.Header.Add(header[1], header[2])
		} else {
			response.Body = code[1]
		}
	}
	return response
}

// named returns the faults that have names. They are made when they are needed: some are large, and
// memory is measured.
var named = sync.OnceValue(func() map[string]*simulator.Response {
	all := clocks()
	for _, more := range []map[string]*simulator.Response{texts(), wire(), sizes()} {
		maps.Copy(all, more)
	}
	return all
})

func clocks() map[string]*simulator.Response {
	now := time.Now().UTC()
	// refused is a 401 from a server whose clock is off.
	refused := func(off time.Duration) *simulator.Response {
		date := now.Add(off).Format(http.TimeFormat)
		return &simulator.Response{Status: 401, Body: refusal, Header: http.Header{"Date": {date}}}
	}
	// later is a 429 that asks for a pause of a second, by a date.
	later := func(off time.Duration) *simulator.Response {
		return &simulator.Response{Status: 429, Header: http.Header{
			"Date":        {now.Add(off).Format(http.TimeFormat)},
			"Retry-After": {now.Add(off).Add(time.Second).Format(http.TimeFormat)},
		}}
	}
	return map[string]*simulator.Response{
		"401, no Date": {
			Status: 401, Body: refusal, Header: http.Header{"Date": nil},
		},
		"401, Date 4 minutes ahead":                                      refused(4 * time.Minute),
		"401, Date 7 hours ahead":                                        refused(7 * time.Hour),
		"401, Date 7 hours behind":                                       refused(-7 * time.Hour),
		"401, Date 7 hours ahead, requested with a token":                refused(7 * time.Hour),
		"429, Retry-After a date in a second":                            later(0),
		"429, Retry-After a date in a second, by a clock 7 hours ahead":  later(7 * time.Hour),
		"429, Retry-After a date in a second, by a clock 7 hours behind": later(-7 * time.Hour),
	}
}

func status(code int, body string) *simulator.Response {
	return &simulator.Response{Status: code, Body: body}
}

// zipped returns a good response with this body, as gzip.
func zipped(body string) *simulator.Response {
	var b strings.Builder
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, body)
	_ = w.Close()
	return &simulator.Response{Header: http.Header{"Content-Encoding": {"gzip"}}, Body: b.String()}
}

func texts() map[string]*simulator.Response {
	return map[string]*simulator.Response{
		"200, a byte order mark before the JSON": status(200, "\ufeff"+endedBody),
		"200, UTF-16":                            status(200, "\xff\xfe{\x00}\x00"),
		"200, invalid UTF-8 between the JSON": status(200,
			`{"tasks":[{"id":"OURS","status":"SUCCESS"}`+"\xff]}"),
		"200, invalid UTF-8 in the task's name": status(200,
			`{"tasks":[{"id":"OURS","name":"`+"\xff\xc0\x80"+`","status":"EXECUTING"}]}`),
		"200, gzip that was not requested": zipped(executing),
		"200, gzip of 100 MB of blanks":    zipped(strings.Repeat(" ", 100<<20)),
		"200, gzip that is cut off":        status(200, zipped(executing).Body[:30]),
		"200, 100,000 opening brackets":    status(200, strings.Repeat("[", 100_000)),
		"200, 5,000 other tasks before ours": status(200,
			`{"tasks":[`+strings.Repeat(other, 5000)+`{"id":"OURS","status":"EXECUTING"}]}`),
	}
}

const (
	okHead     = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
	chunkedTop = okHead + "Transfer-Encoding: chunked\r\n\r\n"
	earlyHint  = "HTTP/1.1 103 Early Hints\r\n" +
		"Link: </style.css>; rel=preload; as=style; crossorigin=anonymous; fetchpriority=high\r\n\r\n"
	switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n"
)

// sized returns a response with this head, the right length, and the body.
func sized(head, body string) *simulator.Response {
	return &simulator.Response{Raw: fmt.Sprintf("%sContent-Length: %d\r\n\r\n%s", head, len(body), body)}
}

func cut(status int, code string) *simulator.Response {
	response := simulator.Fault(status, code, "SECRET")
	response.Cut = 10
	return response
}

func wire() map[string]*simulator.Response {
	blanks := strings.Repeat(" ", 1000)
	long := strings.Repeat("X: "+strings.Repeat("x", 95)+"\r\n", 1000)
	const slow = 10 * time.Millisecond
	return map[string]*simulator.Response{
		"connection reset":                   {Reset: true},
		"connection closed":                  {Close: true},
		"no response":                        {Hang: true},
		"an endless slow head":               {Raw: okHead + strings.Repeat("X: x\r\n", 1000), Slow: slow},
		"an endless slow body":               {Body: blanks, Slow: slow},
		"an error with an endless slow body": {Status: 400, Body: blanks, Slow: slow},
		"a head of 100 kB":                   sized(okHead+long, executing),
		"1,000 times 103":                    sized(strings.Repeat(earlyHint, 1000)+okHead, executing),
		"103 before the response":            sized(earlyHint+okHead, executing),
		"101 as the response":                {Raw: switching + executing},
		"status 600":                         sized("HTTP/1.1 600 Odd\r\n", executing),
		"status 999":                         sized("HTTP/1.1 999 \r\n", ""),
		"two different lengths":              sized(okHead+"Content-Length: 5\r\n", executing),
		"200, the same length twice": sized(
			fmt.Sprintf("%sContent-Length: %d\r\n", okHead, len(executing)), executing),
		"200, chunks without a length": {
			Raw: fmt.Sprintf("%s%x\r\n%s\r\n0\r\n\r\n", chunkedTop, len(executing), executing),
		},
		"a truncated chunk":              {Raw: chunkedTop + "ffff\r\n" + executing},
		"a truncated body":               {Body: executing, Cut: len(executing) - 1},
		"400, truncated":                 cut(400, "DMS.00400002"),
		"401, truncated":                 cut(401, "APIGW.0301"),
		"403, truncated":                 cut(403, "DMS.00403002"),
		"404, truncated":                 cut(404, "DMS.00404022"),
		"429, truncated":                 cut(429, "APIGW.0308"),
		"503, truncated":                 cut(503, "DMS.111501025"),
		"a truncated head":               {Raw: okHead[:30]},
		"not HTTP":                       {Raw: "220 smtp.test ESMTP SECRET\r\n"},
		"HTTP/2 that was not negotiated": {Raw: "\x00\x00\x00\x04\x00\x00\x00\x00\x00"},
	}
}

// blanks returns a response with 400 MB of blanks after its body.
func blanks(status int, body string) *simulator.Response {
	return &simulator.Response{Status: status, Body: body, Endless: true}
}

// withParams returns a valid response of so many bytes: the task's params are as many units as fit,
// between begin and end.
func withParams(size int, begin, unit, end string) *simulator.Response {
	begin, end = filled(`{"tasks":[{"id":"OURS","status":"SUCCESS","params":"`+begin, ""), end+`"}]}`
	room := size - len(begin) - len(end)
	return status(200, begin+strings.Repeat(unit, room/len(unit))+strings.Repeat(" ", room%len(unit))+end)
}

// withFields returns a JSON object with so many different fields.
func withFields(count int) string {
	var b strings.Builder
	for n := range count {
		fmt.Fprintf(&b, `,"%07x":1`, n)
	}
	return `{"tasks":[]` + b.String() + "}"
}

func sizes() map[string]*simulator.Response {
	longMessage := `{"error_code":"DMS.00500000","error_msg":"` + strings.Repeat("<é> SECRET", 9_000) + `"}`
	return map[string]*simulator.Response{
		"403, 400 MB":                            blanks(403, refusal),
		"404, 400 MB of blanks":                  blanks(404, ""),
		"429, 400 MB of blanks":                  blanks(429, ""),
		"500, 400 MB of blanks":                  blanks(500, refusal),
		"200, 400 MB of blanks without a length": blanks(200, ""),
		"200, our task and 400 MB of blanks":     blanks(200, endedBody),
		"200, 300 MB of blanks with their length": {
			Endless: true, Header: http.Header{"Content-Length": {"300000000"}},
		},
		"200, one byte more than 1 MiB":  withParams(mebibyte+1, "", "x", ""),
		"200, 1 MiB with params of text": withParams(mebibyte, "", "é<&>", ""),
		"200, 1 MiB with params of JSON": withParams(mebibyte, "[0", `,{\"key\":\"value <&>\"}`, "]"),
		"200, 1 MiB of other tasks": status(200,
			`{"tasks":[`+strings.Repeat(other, (mebibyte-100)/len(other))+`{}]}`),
		"200, 1 MiB of empty tasks": status(200,
			`{"tasks":[`+strings.Repeat("{},", (mebibyte-20)/3)+`{}]}`),
		"200, 1 MiB of numbers instead of tasks": status(200,
			`{"tasks":[`+strings.Repeat("1,", (mebibyte-20)/2)+`1]}`),
		"200, 1 MiB of different fields": status(200, withFields(mebibyte/13)),
		"200, 1 MiB of the same field": status(200,
			`{"tasks":[{"":1`+strings.Repeat(`,"a":[]`, (mebibyte-100)/7)+`}]}`),
		"200, 1 MiB of text":       status(200, strings.Repeat("x", mebibyte)),
		"200, 1 MiB of brackets":   status(200, strings.Repeat("[", mebibyte)),
		"500, a message of 600 kB": status(500, longMessage),
	}
}
