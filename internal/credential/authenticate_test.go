package credential

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sendToServer sends a request through a transport, and returns what a server received.
func sendToServer(t *testing.T, transport *Transport, req *http.Request) (got *http.Request, body string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		content, _ := io.ReadAll(r.Body)
		got, body = r, string(content)
	}))
	defer server.Close()
	base := &http.Transport{DisableCompression: true}
	defer base.CloseIdleConnections()
	transport.Base = base
	req.URL.Scheme, req.URL.Host = "http", strings.TrimPrefix(server.URL, "http://")
	req.Host = ""
	resp, err := transport.RoundTrip(req)
	require.NoError(t, err)
	resp.Body.Close()
	return got, body
}

func TestOnlyHostProjectAndDateAreSigned(t *testing.T) {
	t.Parallel()
	req := newRequest(t, http.MethodGet, taskURL+"?b=2&a=1", "")
	req.Header.Set("User-Agent", "dmswait/1.0.0")
	req.Header.Set("Accept", "application/json")
	got, _ := sendToServer(t, withKeys(nil), req)
	verify(t, got, "", permanent, "host;x-project-id;x-sdk-date")
	date := got.Header.Get("X-Sdk-Date")
	at, err := time.Parse("20060102T150405Z", date)
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now(), at, time.Minute)
	assert.Equal(t, http.Header{
		"Accept": {"application/json"}, "User-Agent": {"dmswait/1.0.0"}, "X-Project-Id": {"p1"},
		"X-Sdk-Date": {date}, "Authorization": got.Header["Authorization"],
	}, got.Header)
}

func TestTemporaryKeysSignAndSendTheirToken(t *testing.T) {
	t.Parallel()
	keys := Keys{AccessKey: "AK", SecretKey: "SK", SecurityToken: "FAKE+SECURITY/TOKEN=="}
	transport := &Transport{Login: given(&Credentials{Keys: keys})}
	got, _ := sendToServer(t, transport, newRequest(t, http.MethodGet, taskURL, ""))
	verify(t, got, "", keys, "host;x-project-id;x-sdk-date;x-security-token")
	assert.Equal(t, []string{"FAKE+SECURITY/TOKEN=="}, got.Header["X-Security-Token"])
	assert.NotContains(t, got.Header, "X-Auth-Token")
}

func TestTokenRequestIsNotSigned(t *testing.T) {
	t.Parallel()
	transport := &Transport{Login: given(&Credentials{Token: "MIIEXAMPLE", Keys: permanent})}
	got, body := sendToServer(t, transport, newRequest(t, http.MethodPost, taskURL, `{"a":1}`))
	assert.Equal(t, []string{"MIIEXAMPLE"}, got.Header["X-Auth-Token"])
	for _, name := range []string{"Authorization", "X-Sdk-Date", "X-Security-Token"} {
		assert.NotContains(t, got.Header, name)
	}
	assert.Equal(t, `{"a":1}`, body)
}

func TestBodyIsSentWholeAndHashed(t *testing.T) {
	t.Parallel()
	body := strings.Repeat(`{"name":"demo","html":"<&>"}`, 1000)
	got, content := sendToServer(t, withKeys(nil), newRequest(t, http.MethodPost, taskURL, body))
	assert.Equal(t, body, content)
	assert.EqualValues(t, len(body), got.ContentLength)
	verify(t, got, body, permanent, "host;x-project-id;x-sdk-date")
}

func TestBodyThatCanBeReadOnceIsSentWholeAndHashed(t *testing.T) {
	t.Parallel()
	req := newRequest(t, http.MethodPost, taskURL, "")
	body := &trackedBody{Reader: strings.NewReader("a body")}
	req.Body = body
	got, content := sendToServer(t, withKeys(nil), req)
	assert.Equal(t, "a body", content)
	assert.EqualValues(t, len("a body"), got.ContentLength, "a length, no chunks")
	verify(t, got, "a body", permanent, "host;x-project-id;x-sdk-date")
	assert.True(t, body.closed)
}

func TestRequestWithAnUnreadableBodyIsNotSent(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk failed")
	req := newRequest(t, http.MethodPost, taskURL, "")
	body := &trackedBody{Reader: iotest.ErrReader(broken)}
	req.Body = body
	transport := withKeys(func(*http.Request) (*http.Response, error) {
		t.Error("the request was sent")
		return response(200, time.Time{}), nil
	})
	_, err := transport.RoundTrip(req)
	assert.ErrorIs(t, err, broken)
	assert.True(t, body.closed)
}

// tracked is a body that knows whether it was read to its end, and closed.
type trackedBody struct {
	io.Reader
	ended, closed bool
}

func (b *trackedBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.ended = b.ended || err == io.EOF
	return n, err
}

func (b *trackedBody) Close() error { b.closed = true; return nil }

func TestOriginalRequestIsNotModified(t *testing.T) {
	t.Parallel()
	for name, creds := range map[string]Credentials{
		"keys":           {Keys: permanent},
		"temporary keys": {Keys: Keys{AccessKey: "AK", SecretKey: "SK", SecurityToken: "T"}},
		"token":          {Token: "MIIEXAMPLE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			transport := &Transport{Login: given(&creds)}
			transport.Base = roundTripper(func(req *http.Request) (*http.Response, error) {
				req.URL.Path = "/changed"
				return response(http.StatusUnauthorized, time.Now().Add(time.Hour)), nil
			})
			req := newRequest(t, http.MethodGet, taskURL, "")
			before := req.Clone(t.Context())
			_, err := transport.RoundTrip(req)
			require.NoError(t, err)
			assert.Equal(t, before.Header, req.Header)
			assert.Equal(t, before.URL, req.URL)
			assert.Equal(t, before.Host, req.Host)
		})
	}
}

func TestNetworkErrorIsNotRetried(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset by peer")
	attempts := 0
	transport := withKeys(func(*http.Request) (*http.Response, error) {
		attempts++
		return nil, broken
	})
	_, err := transport.RoundTrip(newRequest(t, http.MethodGet, taskURL, ""))
	assert.ErrorIs(t, err, broken)
	assert.Equal(t, 1, attempts)
}

func TestInvalidHeaderErrorContainsNoSecret(t *testing.T) {
	t.Parallel()
	base := &http.Transport{}
	for _, creds := range []Credentials{
		{Token: "s3cr3t\n"},
		{Keys: Keys{AccessKey: "AK", SecretKey: "s3cr3t", SecurityToken: "s3cr3t\n"}},
		{Keys: Keys{AccessKey: "AK\n", SecretKey: "s3cr3t"}},
	} {
		transport := &Transport{Base: base, Login: given(&creds)}
		_, err := transport.RoundTrip(newRequest(t, http.MethodGet, taskURL, ""))
		assert.ErrorContains(t, err, "invalid header field value")
		assert.NotContains(t, err.Error(), "s3cr3t")
	}
}
