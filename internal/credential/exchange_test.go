package credential

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
)

// sentRequest is a request as it was sent, in a readable form: method and URL, headers, body.
type sentRequest struct {
	line   string
	header http.Header
	body   string
}

// service returns its responses one by one, and keeps the requests. A response is a scripted one, an error, or a
// roundTripper.
type service struct {
	responses []any
	requests  []sentRequest
	learned   func(secrets ...string)
}

// scripted is one response of a service.
type scripted struct {
	status int
	header http.Header
	body   string
}

func ok(body string) scripted { return scripted{status: http.StatusOK, body: body} }

func (c *service) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
	}
	c.requests = append(c.requests, sentRequest{req.Method + " " + req.URL.String(), req.Header.Clone(), string(body)})
	if len(c.responses) == 0 {
		return nil, errors.New("unexpected request")
	}
	next := c.responses[0]
	c.responses = c.responses[1:]
	if err, failed := next.(error); failed {
		return nil, err
	}
	if carry, itself := next.(roundTripper); itself {
		return carry(req)
	}
	a := next.(scripted)
	header := http.Header{}
	for name, values := range a.header {
		header[http.CanonicalHeaderKey(name)] = values
	}
	return &http.Response{StatusCode: a.status, Header: header, Body: io.NopCloser(strings.NewReader(a.body))}, nil
}

func (c *service) lines() (lines []string) {
	for _, request := range c.requests {
		lines = append(lines, request.line)
	}
	return lines
}

func (c *service) exchange() Exchange {
	return Exchange{Transport: c, UserAgent: "dmswait/1.0.0", Timeout: 10 * time.Second, Learned: c.learned}
}

func (c *service) iam() IAM { return IAM{c.exchange(), []string{"https://iam.test"}} }

// loginError returns the failed request of a login error, which names the service.
func loginError(t *testing.T, err error) *client.Error {
	t.Helper()
	var e *Error
	require.ErrorAs(t, err, &e)
	assert.NotEmpty(t, e.Service)
	assert.NotZero(t, e.Request.Class)
	return e.Request
}

// logins are all logins and parts of them, by name. The first response of a service decides how they end.
var logins = map[string]func(*service) func(context.Context) error{
	"agency": func(c *service) func(context.Context) error {
		return discard((&Agency{Exchange: c.exchange(), Endpoint: "https://sts.test", IDToken: GivenToken("id")}).Get)
	},
	"identity provider": func(c *service) func(context.Context) error {
		return discard((&IdentityProvider{IAM: c.iam(), ID: "gitlab", IDToken: GivenToken("id")}).Get)
	},
	"keys of the identity provider": func(c *service) func(context.Context) error {
		c.responses = append([]any{scripted{201, http.Header{"X-Subject-Token": {"unscoped"}}, "{}"}}, c.responses...)
		return discard((&IdentityProvider{IAM: c.iam(), ID: "gitlab", IDToken: GivenToken("id")}).Get)
	},
	"password": func(c *service) func(context.Context) error { return discard((&Password{IAM: c.iam()}).Get) },
	"metadata": func(c *service) func(context.Context) error {
		c.responses = append([]any{ok("token")}, c.responses...)
		return discard(new(c.metadata()).Get)
	},
	"token for metadata": func(c *service) func(context.Context) error { return discard(new(c.metadata()).Get) },
	"project": func(c *service) func(context.Context) error {
		return discard(func(ctx context.Context) (string, error) { return new(c.iam()).Project(ctx, "n") })
	},
	"pod identity": func(c *service) func(context.Context) error { return discard(new(c.podIdentity()).Get) },
	"ID token of Actions": func(c *service) func(context.Context) error {
		return discard((&ActionsToken{c.exchange(), "https://actions.test/", "r", "a"}).Get)
	},
}

func discard[T any](login func(context.Context) (T, error)) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := login(ctx)
		return err
	}
}

func TestEveryLoginClassifiesResponsesAlike(t *testing.T) {
	t.Parallel()
	words := `{"error_code":"IAM.0011","error_msg":"the service's words"}`
	for name, kind := range map[string]struct {
		response                        any
		denied, rejected, failing, slow bool
	}{
		"400":                {scripted{400, nil, words}, false, true, false, false},
		"404":                {scripted{404, nil, words}, false, true, false, false},
		"404 of the gateway": {scripted{404, nil, `{"error_code":"APIGW.0101","error_msg":"the service's words"}`}, false, true, false, false},
		"throttled 404":      {scripted{404, nil, `{"error_code":"APIGW.0308","error_msg":"the service's words"}`}, false, true, false, true},
		"409":                {scripted{409, nil, words}, false, true, false, false},
		"401":                {scripted{401, nil, words}, true, false, false, false},
		"403":                {scripted{403, nil, words}, true, false, false, false},
		"408":                {scripted{408, nil, words}, false, false, true, false},
		"425":                {scripted{425, nil, words}, false, false, true, false},
		"429":                {scripted{429, nil, words}, false, false, true, true},
		"throttled":          {scripted{403, nil, `{"error_code":"APIGW.0308","error_msg":"the service's words"}`}, false, false, true, true},
		"500":                {scripted{500, nil, words}, false, false, true, false},
		"502":                {scripted{502, nil, "<html>"}, false, false, true, false},
		"302":                {scripted{302, nil, ""}, false, false, true, false},
		"no connection":      {errors.New("connection refused"), false, false, true, false},
		"not JSON":           {scripted{200, http.Header{"X-Subject-Token": {"t"}}, "<html>"}, false, false, true, false},
		"another type":       {scripted{200, http.Header{"X-Subject-Token": {"t"}}, `[1]`}, false, false, true, false},
		"an empty body":      {scripted{200, nil, ""}, false, false, true, false},
		"null":               {scripted{200, nil, "null"}, false, false, true, false},
		"an empty object":    {scripted{200, nil, "{}"}, false, false, true, false},
		"too long":           {scripted{200, http.Header{"X-Subject-Token": {"t"}}, strings.Repeat(" ", 1<<20+1)}, false, false, true, false},
	} {
		for which, login := range logins {
			c := &service{responses: []any{kind.response}}
			switch {
			case which == "identity provider" && (name == "not JSON" || name == "another type"):
				continue // its token is in the header, and its body is not read
			case which == "token for metadata":
				continue // see TestMetadataLoginEndsWithoutAToken
			}
			e := loginError(t, login(c)(t.Context()))
			title := which + ", " + name
			assert.Equal(t, kind.denied, e.Denied(), title)
			assert.Equal(t, kind.rejected, e.Rejected(), title)
			assert.Equal(t, kind.failing, e.Failing(), title)
			assert.Equal(t, kind.slow, e.Throttled(), title)
			assert.False(t, e.Missing() || e.NoSuchAPI(), title)
			assert.Empty(t, c.responses, "%s: one request", title)
			if a, ok := kind.response.(scripted); ok {
				assert.Equal(t, a.status, e.Response.StatusCode, title)
				if strings.Contains(a.body, "words") {
					assert.Contains(t, e.Error(), "the service's words", title)
				}
			}
		}
	}
}

func TestSlowLoginIsAnOutageThatStatesTheTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hanging := Exchange{
			Timeout: 7 * time.Second,
			Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
				<-req.Context().Done()
				return nil, req.Context().Err()
			}),
		}
		start := time.Now()
		_, err := (&Agency{Exchange: hanging, Endpoint: "https://sts.test", IDToken: GivenToken("id")}).Get(t.Context())
		e := loginError(t, err)
		assert.True(t, e.Failing())
		assert.Equal(t, "assume the agency: no response within 7s", e.Error())
		assert.Equal(t, 7*time.Second, time.Since(start))

		cancelled := errors.New("cancelled by the test")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(cancelled)
		_, err = (&Agency{Exchange: hanging, Endpoint: "https://sts.test", IDToken: GivenToken("id")}).Get(ctx)
		loginError(t, err)
		assert.ErrorIs(t, err, cancelled)
	})
}

func TestTruncatedLoginResponseIsAnOutageUnlessItsStatusRefuses(t *testing.T) {
	t.Parallel()
	for status, failing := range map[int]bool{200: true, 400: true, 404: true, 503: true, 401: false, 403: false} {
		cut := Exchange{Timeout: time.Minute, Transport: roundTripper(func(*http.Request) (*http.Response, error) {
			body := io.MultiReader(strings.NewReader(`{"cre`), iotest.ErrReader(io.ErrUnexpectedEOF))
			return &http.Response{StatusCode: status, Body: io.NopCloser(body)}, nil
		})}
		_, err := (&Agency{Exchange: cut, Endpoint: "https://sts.test", IDToken: GivenToken("id")}).Get(t.Context())
		e := loginError(t, err)
		assert.Equal(t, failing, e.Failing(), status)
		assert.Equal(t, !failing, e.Denied(), status)
		assert.ErrorContains(t, err, ": the response was cut off")
	}
}

func TestExpiryIsConvertedToTheLocalClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // at midnight, 1 January 2000 UTC
		now := time.Now()
		for name, test := range map[string]struct {
			expires, date string
			want          time.Time
		}{
			"clocks agree":       {"2000-01-01T01:00:00Z", "Sat, 01 Jan 2000 00:00:00 GMT", now.Add(time.Hour - time.Second)},
			"local clock ahead":  {"1999-01-01T01:00:00.000000Z", "Fri, 01 Jan 1999 00:00:00 GMT", now.Add(time.Hour - time.Second)},
			"local clock behind": {"2026-01-01T01:00:00.500Z", "Thu, 01 Jan 2026 00:00:00 GMT", now.Add(time.Hour - time.Second/2)},
			"with an offset":     {"2000-01-01T09:00:00+08:00", "Sat, 01 Jan 2000 00:00:00 GMT", now.Add(time.Hour - time.Second)},
			"no Date":            {"2000-01-01T01:00:00Z", "", now.Add(time.Hour)},
			"invalid Date":       {"2000-01-01T01:00:00Z", "soon", now.Add(time.Hour)},
			"no expiry":          {"", "Sat, 01 Jan 2000 00:00:00 GMT", time.Time{}},
			"invalid expiry":     {"2000-01-01 01:00:00", "Sat, 01 Jan 2000 00:00:00 GMT", time.Time{}},
		} {
			header := http.Header{}
			if test.date != "" {
				header.Set("Date", test.date)
			}
			keys := `"access_key_id":"a","secret_access_key":"s","security_token":"t","expiration":"` + test.expires + `"`
			c := &service{responses: []any{scripted{200, header, `{"credentials":{` + keys + `}}`}}}
			agency := Agency{Exchange: c.exchange(), Endpoint: "https://sts.test", IDToken: GivenToken("id")}
			creds, err := agency.Get(t.Context())
			require.NoError(t, err)
			assert.True(t, test.want.Equal(creds.Expires), "%s: %v", name, creds.Expires)
		}
	})
}

func TestSecondIAMEndpointIsUsedOnlyIfTheFirstHostDoesNotExist(t *testing.T) {
	t.Parallel()
	noSuchHost := &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "iam.test", IsNotFound: true}}
	found := ok(`{"projects":[{"id":"p1","name":"n"}]}`)
	both := []string{"GET https://iam.region.test/v3/projects?name=n", "GET https://iam.test/v3/projects?name=n"}
	for name, test := range map[string]struct {
		responses []any
		requests  []string
		failed    bool
	}{
		"exists":            {[]any{found}, both[:1], false},
		"no such host":      {[]any{noSuchHost, found}, both, false},
		"neither exists":    {[]any{noSuchHost, noSuchHost}, both, true},
		"DNS is down":       {[]any{&net.DNSError{Err: "server misbehaving", IsTemporary: true}}, both[:1], true},
		"DNS times out":     {[]any{&net.DNSError{Err: "i/o timeout", IsTimeout: true}}, both[:1], true},
		"refused":           {[]any{errors.New("connection refused")}, both[:1], true},
		"the proxy's 502":   {[]any{&client.ProxyError{StatusCode: 502}, found}, both, false},
		"the proxy's 503":   {[]any{&client.ProxyError{StatusCode: 503}, found}, both, false},
		"the proxy's 504":   {[]any{&client.ProxyError{StatusCode: 504}, found}, both, false},
		"the proxy's 403":   {[]any{&client.ProxyError{StatusCode: 403}}, both[:1], true},
		"the proxy's 407":   {[]any{&client.ProxyError{StatusCode: 407, LoginSent: true}}, both[:1], true},
		"no such proxy":     {[]any{&client.ProxyError{Err: noSuchHost}}, both[:1], true},
		"SOCKS":             {[]any{&client.ProxyError{Err: errors.New("unknown error host unreachable")}, found}, both, false},
		"503":               {[]any{scripted{503, nil, ""}}, both[:1], true},
		"404":               {[]any{scripted{404, nil, ""}}, both[:1], true},
		"401 of the second": {[]any{noSuchHost, scripted{401, nil, ""}}, both, true},
		"401 of the first":  {[]any{scripted{401, nil, ""}}, both[:1], true},
	} {
		c := &service{responses: test.responses}
		_, err := (&IAM{c.exchange(), []string{"https://iam.region.test", "https://iam.test"}}).Project(t.Context(), "n")
		assert.Equal(t, test.failed, err != nil, name)
		assert.Equal(t, test.requests, c.lines(), name)
	}
	c := &service{responses: []any{noSuchHost}}
	_, err := new(c.iam()).Project(t.Context(), "n")
	assert.True(t, loginError(t, err).Misconfigured(), "a given endpoint is the only one")
}

func TestLoginBodyIsSentAgainToTheSecondEndpoint(t *testing.T) {
	t.Parallel()
	c := &service{responses: []any{&net.DNSError{IsNotFound: true}, tokenReply("t", `{"token":{}}`)}}
	iam := IAM{c.exchange(), []string{"https://a.test", "https://b.test"}}
	_, err := (&Password{IAM: iam, Username: "u"}).Get(t.Context())
	require.NoError(t, err)
	require.Len(t, c.requests, 2)
	assert.NotEmpty(t, c.requests[0].body)
	assert.Equal(t, c.requests[0].body, c.requests[1].body)
}
