package client

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/sanitize"
)

// responses returns responses to `get task "t1"`, with the class that the error's methods report and its
// text; empty: no error.
func responses(t testing.TB) (all []struct {
	reply
	Name, Is, Error string
}) {
	t.Helper()
	data, err := os.ReadFile("testdata/responses.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &all))
	return all
}

func TestEveryResponseIsClassifiedAndItsErrorReadsAsAPath(t *testing.T) {
	t.Parallel()
	for _, c := range responses(t) {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, c.handle)
			_, err := s.Task(t.Context(), "i1", "t1")
			assert.EqualValues(t, 1, s.requests.Load())
			if c.Error == "" {
				assert.NoError(t, err)
				return
			}
			assert.EqualError(t, err, c.Error)
			assert.Equal(t, c.Is, classOf(clientError(t, err)))
			assert.Equal(t, c.Status, clientError(t, err).Response.StatusCode)
		})
	}
}

func TestEveryErrorHasExactlyOneClass(t *testing.T) {
	t.Parallel()
	bodies := map[string]func() io.Reader{
		"cut":  func() io.Reader { return iotest.ErrReader(io.ErrUnexpectedEOF) },
		"long": func() io.Reader { return strings.NewReader(strings.Repeat(" ", maxBody+1)) },
	}
	for _, text := range []string{
		``, `{}`, `null`, `<html>`, `{"tasks":[]}`, `{"tasks":[{"id":"t2"}]}`, `{"error_code":"DMS.00404022","error_msg":"m"}`,
		`{"error_code":"APIGW.0101"}`, `{"error_code":"APIG.0101"}`, `{"error_code":"APIGW.0308"}`, `{"error_code":"APIG.0308"}`,
		`{"error_code":"DMS.10240407"}`, `{"error_code":"APIGW.0301","request_id":"r"}`, `{"error":{"code":404,"message":"m"}}`,
		`{"error":{"code":"APIGW.0101"}}`, `{"code":"APIGW.0308","message":"m"}`,
	} {
		bodies[text] = func() io.Reader { return strings.NewReader(text) }
	}
	throttles := func(text string) bool { return strings.Contains(text, ".0308") || strings.Contains(text, "10240407") }
	for status := 200; status < 600; status++ {
		for text, body := range bodies {
			if text == "long" && status%100 > 4 {
				continue
			}
			_, err := respondWith(status, nil, body()).Task(t.Context(), "i1", "t1")
			e := clientError(t, err)
			var classes []string
			for name, is := range map[string]bool{
				"denied": e.Denied(), "no such api": e.NoSuchAPI(), "rejected": e.Rejected(), "missing": e.Missing(), "failing": e.Failing(),
			} {
				if is {
					classes = append(classes, name)
				}
			}
			require.Len(t, classes, 1, "%d %s: %v", status, text, classes)
			require.Equal(t, status == 429 || throttles(text), e.Throttled(), "%d %s", status, text)
			require.False(t, e.Throttled() && !e.Failing(), "%d %s: throttling is an outage", status, text)
			isError := strings.Contains(text, `code":`) // in a form that the cloud documents
			isCut := text == "cut" || text == "long"
			isForeign := status/100 == 4 && status != 408 && status != 425 && status != 429 && !isError && !isCut
			require.Equal(t, isForeign, e.Foreign, "%d %s", status, text)
			require.Equal(t, isForeign, e.Misconfigured(), "%d %s", status, text)
			require.Equal(t, e.Error(), strings.TrimSpace(e.Error()))
		}
	}
}

func TestNetworkErrorIsFailing(t *testing.T) {
	t.Parallel()
	reset := errors.New("read: connection reset by peer")
	_, err := failWith(reset).Task(t.Context(), "i1", "t1")
	assert.EqualError(t, err, `get task "t1": read: connection reset by peer`)
	assert.ErrorIs(t, err, reset)
	assert.Equal(t, "failing", classOf(clientError(t, err)))
	assert.Equal(t, Response{}, clientError(t, err).Response)
}

func TestNoTaskWithTheNameIsMissing(t *testing.T) {
	t.Parallel()
	none := &NoTaskError{Name: "bind", Listed: []Task{{ID: "t2"}}}
	e := &Error{Op: `find task "bind"`, Err: none, Response: Response{StatusCode: http.StatusOK}}
	assert.Equal(t, "missing", classOf(e))
	assert.EqualError(t, e, `the instance has no task named "bind" created since 0001-01-01T00:00:00Z`)
}

func TestThrottlingWindowIsReadFromTheGatewaysMessage(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]time.Duration{
		"The throttling threshold has been reached: policy user over ratelimit,limit:60,time:1 minute": time.Minute,
		"policy ip over ratelimit,limit:200,time:1 second":                                             time.Second,
		"policy api over ratelimit,limit:5,time:2 hours":                                               2 * time.Hour,
		"policy api over ratelimit,limit:5,time:1 day, or so":                                          24 * time.Hour,
		"limit:60,time:1 fortnight":                                                                    0,
		"limit:60,time:-1 minute":                                                                      0,
		"limit:60,time:99999999999999999999 days":                                                      0,
		"limit:60,time:1": 0,
		"limit:60":        0,
		"":                0,
		",time:" + strings.Repeat("9", 1<<20) + " minutes": 0,
	} {
		assert.Equal(t, want, (&Error{Response: Response{StatusCode: 429}, Message: message}).Window(),
			sanitize.Truncate(message, 80))
	}
	assert.Zero(t, (&Error{Response: Response{StatusCode: 503}, Message: "limit:60,time:1 minute"}).Window(),
		"not throttled")
}

func TestClassOverridesStatusAndCode(t *testing.T) {
	t.Parallel()
	for class, name := range map[Class]string{
		Failing: "failing", Missing: "missing", Denied: "denied", NoSuchAPI: "no such api", Rejected: "rejected",
	} {
		for _, status := range []int{0, 200, 401, 404, 503} {
			assert.Equal(t, name, classOf(&Error{Response: Response{StatusCode: status}, Class: class}), status)
		}
	}
}

func TestErrorDistinguishesRefusalsFromStrayResponses(t *testing.T) {
	t.Parallel()
	with := func(status int, code string) *Error {
		return &Error{Response: Response{StatusCode: status}, Code: code}
	}
	assert.True(t, with(403, "").Forbidden())
	assert.False(t, with(401, "").Forbidden())
	assert.False(t, with(403, "APIGW.0308").Forbidden(), "throttled")
	assert.True(t, with(403, "DMS.10240104").OtherProject())
	assert.False(t, with(403, "").OtherProject())
	for status, want := range map[int]struct{ answered, unexpected bool }{
		0: {false, false}, 101: {true, false}, 200: {true, true}, 302: {true, true}, 404: {true, false}, 503: {true, false},
	} {
		assert.Equal(t, want.answered, with(status, "").Answered(), status)
		assert.Equal(t, want.unexpected, with(status, "").Unexpected(), status)
	}
}
