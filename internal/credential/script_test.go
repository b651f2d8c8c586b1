package credential

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const taskURL = "https://dms.test/v2/p1/instances/i1/tasks/t1"

var permanent = Keys{AccessKey: "AK", SecretKey: "SK"}

// carrier is a transport that a test writes itself.
type carrier func(*http.Request) (*http.Response, error)

func (c carrier) RoundTrip(req *http.Request) (*http.Response, error) { return c(req) }

func newRequest(t testing.TB, method, url, body string) *http.Request {
	t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url, reader)
	require.NoError(t, err)
	req.Header.Set("X-Project-Id", "p1")
	return req
}

// response is an answer of a server whose clock shows date; the zero date: it tells none.
func response(status int, date time.Time) *http.Response {
	header := http.Header{}
	if !date.IsZero() {
		header.Set("Date", date.UTC().Format(http.TimeFormat))
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader("body"))}
}

// gate is a server that refuses a signature whose date is more than 15 minutes off its clock, as the cloud does.
type gate struct {
	ahead time.Duration // of its clock, to ours
	dates []string      // the X-Sdk-Date of each request
}

func (g *gate) RoundTrip(req *http.Request) (*http.Response, error) {
	g.dates = append(g.dates, req.Header.Get("X-Sdk-Date"))
	now := time.Now().Add(g.ahead)
	at, err := time.Parse("20060102T150405Z", req.Header.Get("X-Sdk-Date"))
	if err != nil || now.Sub(at).Abs() > 15*time.Minute {
		return response(http.StatusUnauthorized, now), nil
	}
	return response(http.StatusOK, now), nil
}

// send sends a request for a task, and returns the answer's status.
func send(t *testing.T, transport *Transport) int {
	t.Helper()
	resp, err := transport.RoundTrip(newRequest(t, http.MethodGet, taskURL, ""))
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.Equal(t, "body", string(body), "the answer that is handed on is whole")
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode
}

// verify holds a request as it came to a server to its own signature.
func verify(t *testing.T, r *http.Request, body string, keys Keys, signedHeaders string) {
	t.Helper()
	signed := http.Header{}
	for _, name := range strings.Split(signedHeaders, ";") {
		value := r.Header.Get(name)
		if name == "host" {
			value = r.Host
		}
		assert.NotEmpty(t, value, name)
		signed.Set(name, value)
	}
	got := r.Header.Get("Authorization")
	assert.Contains(t, got, ", SignedHeaders="+signedHeaders+", ")
	assert.Equal(t, authorization(r.Method, r.URL, signed, []byte(body), keys), got)
}
