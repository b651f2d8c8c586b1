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
)

// answers are answers to `get task "t1"`, with what they are by the error's methods, and how the error reads; empty: no error.
func answers(t testing.TB) (all []struct {
	reply
	Name, Is, Error string
}) {
	t.Helper()
	data, err := os.ReadFile("testdata/answers.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &all))
	return all
}

func TestEveryAnswerIsSortedAndReadsAsAPath(t *testing.T) {
	t.Parallel()
	for _, c := range answers(t) {
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
			assert.Equal(t, c.Is, class(fault(t, err)))
			assert.Equal(t, c.Status, fault(t, err).Answer.StatusCode)
		})
	}
}

func TestEveryErrorIsOfExactlyOneClass(t *testing.T) {
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
			_, err := answering(status, nil, body()).Task(t.Context(), "i1", "t1")
			e := fault(t, err)
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
			require.False(t, e.Throttled() && !e.Failing(), "%d %s: throttled is an outage", status, text)
			require.False(t, e.Misconfigured(), "%d %s", status, text)
			require.Equal(t, e.Error(), strings.TrimSpace(e.Error()))
		}
	}
}

func TestWithoutAnAnswerTheAPIIsFailing(t *testing.T) {
	t.Parallel()
	reset := errors.New("read: connection reset by peer")
	_, err := failing(reset).Task(t.Context(), "i1", "t1")
	assert.EqualError(t, err, `get task "t1": read: connection reset by peer`)
	assert.ErrorIs(t, err, reset)
	assert.Equal(t, "failing", class(fault(t, err)))
	assert.Equal(t, Answer{}, fault(t, err).Answer)
}

func TestNoTaskOfTheNameIsMissingToo(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "missing", class(&Error{Op: "find", Err: ErrNoTask, Answer: Answer{StatusCode: http.StatusOK}, Seen: []Task{{ID: "t2"}}}))
}

func TestTheWindowOfThrottlingIsReadFromTheGatewaysWords(t *testing.T) {
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
		assert.Equal(t, want, (&Error{Answer: Answer{StatusCode: 429}, Message: message}).Window(), shorten(message, 80))
	}
	assert.Zero(t, (&Error{Answer: Answer{StatusCode: 503}, Message: "limit:60,time:1 minute"}).Window(), "not throttled")
}
