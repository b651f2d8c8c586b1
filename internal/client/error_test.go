package client

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestRequestIDComesFromTheHeaderOtherwiseTheBody(t *testing.T) {
	t.Parallel()
	const gateway = `{"error_code":"APIGW.0601","error_msg":"m","request_id":"from-body"}`
	for name, c := range map[string]struct {
		header http.Header
		body   string
		want   string
	}{
		"header":                 {http.Header{"X-Request-Id": {"from-header"}}, `{"error_code":"APIGW.0601","error_msg":"m"}`, "from-header"},
		"IAM's header":           {http.Header{"X-Iam-Trace-Id": {"from-iam"}}, `{"error_code":"APIGW.0601","error_msg":"m"}`, "from-iam"},
		"both headers":           {http.Header{"X-Iam-Trace-Id": {"from-iam"}, "X-Request-Id": {"from-header"}}, gateway, "from-header"},
		"body":                   {nil, gateway, "from-body"},
		"header before body":     {http.Header{"X-Request-Id": {"from-header"}}, gateway, "from-header"},
		"IAM's header, and body": {http.Header{"X-Iam-Trace-Id": {"from-iam"}}, gateway, "from-iam"},
		"a number":               {nil, `{"error_code":"APIGW.0601","error_msg":"m","request_id":7}`, "7"},
		"within the error":       {nil, `{"error":{"code":"APIGW.0601","message":"m","request_id":"inner"}}`, "inner"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := respondWith(500, c.header, strings.NewReader(c.body)).Task(t.Context(), "i1", "t1")
			assert.EqualError(t, err, `get task "t1": 500 APIGW.0601: m (request `+c.want+`)`)
			assert.Equal(t, c.want, clientError(t, err).Response.RequestID)
		})
	}
}

func TestMissingTaskErrorContainsTheRequestID(t *testing.T) {
	t.Parallel()
	header := http.Header{"X-Request-Id": {"9f1c"}}
	_, err := respondWith(200, header, strings.NewReader(`{"tasks":[]}`)).Task(t.Context(), "i1", "t1")
	assert.EqualError(t, err, `the instance has no task "t1" (request 9f1c)`)
	_, err = respondWith(200, header, strings.NewReader(`<html>`)).Task(t.Context(), "i1", "t1")
	assert.EqualError(t, err, `get task "t1": 200: the response is not the API's JSON (request 9f1c)`)
}

func TestErrorBodyIsReadInEveryKnownForm(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"error_code":"DMS.1","error_msg":"m"}`:                                    "500 DMS.1: m",
		`{"error_code":"DMS.1"}`:                                                    "500 DMS.1",
		`{"error_msg":"m"}`:                                                         "500: m",
		`{"error_code":1,"error_msg":["m"]}`:                                        `500 1: ["m"]`,
		`{"error_code":null,"error_msg":null}`:                                      "500 Internal Server Error",
		`{"code":"C.1","message":"m"}`:                                              "500 C.1: m",
		`{"code":500,"message":"m"}`:                                                "500: m",
		`{"error":{"code":500,"message":"m","title":"Internal"}}`:                   "500: m",
		`{"error":{"code":"500","message":"m"}}`:                                    "500: m",
		`{"error":{"code":409,"message":"m"}}`:                                      "500 409: m",
		`{"error":{"error_code":"IAM.1","error_msg":"m"}}`:                          "500 IAM.1: m",
		`{"error":"invalid_grant","error_code":"IAM.2","error_msg":"m"}`:            "500 IAM.2: m",
		`{"error":null,"error_code":"IAM.3","error_msg":"m"}`:                       "500 IAM.3: m",
		`{"error":null,"code":"C.2","message":"m"}`:                                 "500 C.2: m",
		`{"error_code":"outer","error_msg":"m","error":{"code":"in","message":""}}`: "500 outer: m",
		`{"error_code":"a\nb","error_msg":"line\r\n::error::x"}`:                    "500 a\nb: line\r\n::error::x", // sanitized where it is printed
		`{}`:                     "500 Internal Server Error",
		`{"error_code":`:         "500 Internal Server Error",
		`Internal failure`:       "500: Internal failure",
		strings.Repeat("x", 200): "500: " + strings.Repeat("x", 200),
		strings.Repeat("x", 201): "500 Internal Server Error", // too long for a message: a page
	} {
		_, err := respondWith(500, nil, strings.NewReader(body)).Task(t.Context(), "i1", "t1")
		assert.EqualError(t, err, `get task "t1": `+want, body)
	}
}

func TestErrorTextIsTruncatedByCharacters(t *testing.T) {
	t.Parallel()
	e := &Error{
		Op:       "get task",
		Response: Response{StatusCode: 500, RequestID: strings.Repeat("ж", 65)},
		Code:     strings.Repeat("c", 65),
		Message:  strings.Repeat("文", 201),
		Err:      errors.New(strings.Repeat("e", 501)),
	}
	assert.EqualError(t, e, "get task: 500 "+strings.Repeat("c", 64)+"…: "+strings.Repeat("文", 200)+"…: "+
		strings.Repeat("e", 500)+"… (request "+strings.Repeat("ж", 64)+"…)")

	e = &Error{
		Op:       "get task",
		Response: Response{StatusCode: 500, RequestID: strings.Repeat("r", 64)},
		Code:     strings.Repeat("c", 64),
		Message:  strings.Repeat("文", 200),
		Err:      errors.New(strings.Repeat("e", 500)),
	}
	assert.NotContains(t, e.Error(), "…")
}

// Half a secret cannot be recognized.
func TestErrorTextIsRedactedBeforeItIsTruncated(t *testing.T) {
	t.Parallel()
	redact := func(text string) string { return strings.ReplaceAll(text, "s3cret", "***") }
	across := func(maxChars int) string { return strings.Repeat("x", maxChars-3) + "s3cret" }
	for name, e := range map[string]*Error{
		"request id": {Response: Response{StatusCode: 500, RequestID: across(64)}},
		"code":       {Response: Response{StatusCode: 500}, Code: across(64)},
		"message":    {Response: Response{StatusCode: 500}, Message: across(200)},
		"cause":      {Err: errors.New(across(500))},
		"task":       {Err: &NoTaskError{ID: across(500 - len(`the instance has no task "`))}},
	} {
		e.Op = "get task"
		text := e.Text(redact)
		assert.NotContains(t, text, "s3", name)
		assert.Contains(t, text, "***", name)
	}
}

func TestHugeMessageIsKeptButTruncatedInTheErrorText(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("m", maxBody-100)
	body := strings.NewReader(`{"error_code":"DMS.1","error_msg":"` + long + `"}`)
	_, err := respondWith(500, nil, body).Task(t.Context(), "i1", "t1")
	assert.EqualError(t, err, `get task "t1": 500 DMS.1: `+strings.Repeat("m", 200)+"…")
	assert.Equal(t, long, clientError(t, err).Message)
}

func TestProxyErrorStatesTheStatus(t *testing.T) {
	t.Parallel()
	assert.EqualError(t, &ProxyError{StatusCode: 407}, "the proxy responded 407 Proxy Authentication Required")
	assert.EqualError(t, &ProxyError{StatusCode: 599}, "the proxy responded 599")
}

func TestFullTextContainsTheServicesWordsInFull(t *testing.T) {
	t.Parallel()
	identity := func(text string) string { return text }
	words := strings.Repeat("w", 201)
	e := &Error{Op: "get task", Response: Response{StatusCode: 401}, Message: words}
	assert.Equal(t, "get task: 401: "+words[:200]+"…", e.Text(identity))
	assert.Equal(t, "get task: 401: "+words, e.FullText(identity))
	e.Message = strings.Repeat("w", 1<<20)
	assert.Less(t, len(e.FullText(identity)), 11_000, "a service may respond with a megabyte")
}
