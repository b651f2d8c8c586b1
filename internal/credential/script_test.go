package credential

import (
	"context"
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

// roundTripper is a transport that a test writes itself.
type roundTripper func(*http.Request) (*http.Response, error)

func (c roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return c(req) }

// given returns a login that always returns these credentials.
func given(creds *Credentials) Login {
	return func(context.Context) (Credentials, error) { return *creds, nil }
}

// withKeys returns a transport that signs with permanent keys.
func withKeys(base roundTripper) *Transport {
	return &Transport{Base: base, Login: given(&Credentials{Keys: permanent})}
}

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

// response returns a response of a server whose clock shows date; zero: it has no Date.
func response(status int, date time.Time) *http.Response {
	header := http.Header{}
	if !date.IsZero() {
		header.Set("Date", date.UTC().Format(http.TimeFormat))
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader("body"))}
}

// gate is a server that, like the cloud, refuses a signature whose date is more than 15 minutes off its own clock.
type gate struct {
	ahead time.Duration // of its clock
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

// send sends a request for a task, and returns the status of the response.
func send(t *testing.T, transport *Transport) int {
	t.Helper()
	resp, err := transport.RoundTrip(newRequest(t, http.MethodGet, taskURL, ""))
	require.NoError(t, err)
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.Equal(t, "body", string(body), "the response that is passed on is whole")
	require.NoError(t, resp.Body.Close())
	return resp.StatusCode
}

// verify asserts that a server received a request with the right signature.
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
