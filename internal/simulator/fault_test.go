package simulator_test

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
)

// respondWith returns a cloud that sends the same response to every request.
func respondWith(r *simulator.Response) simulator.Simulator {
	return simulator.Simulator{Intercept: func(simulator.Request) *simulator.Response { return r }}
}

func TestFaultHasFormatOfService(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"DMS.00404022": `{"error_code":"DMS.00404022","error_msg":"<no> & \"none\""}`,
		"APIGW.0308":   `{"error_code":"APIGW.0308","error_msg":"<no> & \"none\"","request_id":"ID"}`,
		"APIG.0308":    `{"error_code":"APIG.0308","error_msg":"<no> & \"none\"","request_id":"ID"}`,
		"STS5.1002":    `{"error_code":"STS5.1002","error_msg":"<no> & \"none\"","request_id":"ID"}`,
		"IAM.0011":     `{"error_code":"IAM.0011","error_msg":"<no> & \"none\""}`,
		"IAM.":         `{"error":{"code":401,"message":"<no> & \"none\"","title":"Unauthorized"}}`,
	} {
		response, body := get(t, start(t, respondWith(simulator.Fault(http.StatusUnauthorized, code,
			`<no> & "none"`))), example)
		id, other := response.Header.Get("X-Request-Id"), response.Header.Get("X-IAM-Trace-Id")
		if strings.HasPrefix(code, "IAM.") {
			id, other = other, id
		}
		assert.Equal(t, http.StatusUnauthorized, response.StatusCode, code)
		assert.Regexp(t, "^[0-9a-f]{32}$", id, code)
		assert.Empty(t, other, code)
		assert.Equal(t, strings.Replace(want, "ID", id, 1), body)
	}
}

func TestResponseHeadersReplaceOrRemoveDefaults(t *testing.T) {
	t.Parallel()
	response, body := get(t, start(t, respondWith(&simulator.Response{
		Status: http.StatusBadGateway,
		Header: http.Header{"content-type": {"text/html"}, "Date": nil, "X-Request-Id": {}, "Retry-After": {"7"}},
		Body:   "<html>",
	})), example)
	assert.Equal(t, http.StatusBadGateway, response.StatusCode)
	assert.Equal(t, "<html>", body)
	response.Header.Del("Content-Length")
	assert.Equal(t, http.Header{"Content-Type": {"text/html"}, "Retry-After": {"7"}}, response.Header)
}

func TestScriptRespondsToTaskRequestsInOrder(t *testing.T) {
	t.Parallel()
	server := start(t, simulator.Simulator{Intercept: simulator.Script(
		&simulator.Response{Status: 500}, nil, &simulator.Response{Status: 503},
	)})
	var got []int
	for _, path := range []string{example, example + "/progress", tasks, "/", tasks, example} {
		response, _ := get(t, server, path)
		got = append(got, response.StatusCode)
	}
	assert.Equal(t, []int{500, 404, 200, 404, 503, 200}, got)
}

func TestConnectionIsResetOrClosed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		response simulator.Response
		want     error
	}{
		"reset": {simulator.Response{Reset: true}, errReset},
		"close": {simulator.Response{Close: true}, io.EOF},
	} {
		s := respondWith(&test.response)
		plain, err := s.Start()
		require.NoError(t, err)
		secure, err := s.StartTLS("127.0.0.1:0")
		require.NoError(t, err)
		for _, server := range []*simulator.Server{plain, secure} {
			transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
			_, err = (&http.Client{Transport: transport}).Do(newRequest(t, t.Context(), server.URL+example))
			assert.ErrorIs(t, err, test.want, "%s %s", name, server.URL)
			assert.Equal(t, 1, server.Count("task"))
			assert.NoError(t, server.Close())
		}
	}
}

func TestRawBytesAreSentUnchanged(t *testing.T) {
	t.Parallel()
	for name, slow := range map[string]time.Duration{"at once": 0, "slowly": 100 * time.Microsecond} {
		const raw = "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 299 Odd\r\n\r\nto the end"
		server := start(t, respondWith(&simulator.Response{Raw: raw, Slow: slow}))
		response, body := get(t, server, example)
		assert.Equal(t, "299 Odd", response.Status, name)
		assert.Equal(t, http.Header{}, response.Header)
		assert.Equal(t, "to the end", body, "the connection is closed after it")
	}
}

func TestCutBodyIsShorterThanContentLength(t *testing.T) {
	t.Parallel()
	server := start(t, respondWith(&simulator.Response{Body: `{"task_count":"0"}`, Cut: 5}))
	response, err := client(t).Do(newRequest(t, t.Context(), server.URL+example))
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.Equal(t, `{"tas`, string(body))
	assert.EqualValues(t, 18, response.ContentLength)
}

func TestSlowBodyIsSentByteByByte(t *testing.T) {
	t.Parallel()
	server := start(t, respondWith(&simulator.Response{Body: "12345", Slow: 10 * time.Millisecond}))
	begin := time.Now()
	_, body := get(t, server, example)
	assert.Equal(t, "12345", body)
	assert.GreaterOrEqual(t, time.Since(begin), 40*time.Millisecond, "four pauses between five bytes")
}

func TestDelayedResponse(t *testing.T) {
	t.Parallel()
	begin := time.Now()
	_, body := get(t, start(t, respondWith(&simulator.Response{Body: "late",
		Delay: 50 * time.Millisecond})), example)
	assert.Equal(t, "late", body)
	assert.GreaterOrEqual(t, time.Since(begin), 50*time.Millisecond)
}

// lasting are responses that do not end by themselves, but when the server closes or the client disconnects.
var lasting = map[string]*simulator.Response{
	"hang":    {Hang: true},
	"delay":   {Delay: time.Hour},
	"slow":    {Body: "12", Slow: time.Hour},
	"raw":     {Raw: "HTTP/1.1 200 OK", Slow: time.Hour},
	"endless": {Endless: true, Body: `{"tasks":[`},
}

func TestCloseAbortsResponsesInProgress(t *testing.T) {
	t.Parallel()
	for name, lasts := range lasting {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := start(t, respondWith(lasts))
			ended := make(chan error, 1)
			started := make(chan struct{})
			c, r := client(t), newRequest(t, t.Context(), server.URL+example)
			go func() {
				response, err := c.Do(r)
				if err == nil {
					close(started)
					_, err = io.Copy(io.Discard, response.Body)
					_ = response.Body.Close()
				}
				ended <- err
			}()
			if lasts.Raw == "" && (lasts.Endless || lasts.Slow > 0) { // it has headers
				<-started
			} else {
				require.Eventually(t, func() bool { return server.Count("task") == 1 }, patience, time.Millisecond)
			}
			begin := time.Now()
			require.NoError(t, server.Close())
			assert.Error(t, <-ended)
			assert.Less(t, time.Since(begin), patience)
			assert.NoError(t, server.Close(), "closing again")
		})
	}
}

// Not parallel, because it searches the stacks of all goroutines for handlers.
func TestDisconnectAbortsResponsesInProgress(t *testing.T) {
	for name, lasts := range lasting {
		t.Run(name, func(t *testing.T) {
			server := start(t, respondWith(lasts))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan error, 1)
			c, r := client(t), newRequest(t, ctx, server.URL+example)
			go func() {
				response, err := c.Do(r)
				if err == nil {
					<-ctx.Done() // a fast machine could read the endless body before that
					_, err = io.Copy(io.Discard, response.Body)
					_ = response.Body.Close()
				}
				ended <- err
			}()
			require.Eventually(t, func() bool { return server.Count("task") == 1 }, patience, time.Millisecond)
			cancel()
			assert.ErrorIs(t, <-ended, context.Canceled)
			assert.Empty(t, leftovers(patience, "(*Server).handle"))
		})
	}
}
