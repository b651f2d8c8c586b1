package credential

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
)

// call is a request as it went out, in a form that reads well: method and URL, headers, body.
type call struct {
	line   string
	header http.Header
	body   string
}

// cloud answers from a list, one answer a request, and keeps what it was asked. An answer is a
// status, headers and a body, or an error, or a carrier.
type cloud struct {
	answers []any
	calls   []call
}

type answer struct {
	status int
	header http.Header
	body   string
}

func ok(body string) answer { return answer{status: http.StatusOK, body: body} }

func (c *cloud) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
	}
	c.calls = append(c.calls, call{req.Method + " " + req.URL.String(), req.Header.Clone(), string(body)})
	if len(c.answers) == 0 {
		return nil, errors.New("one request too many")
	}
	next := c.answers[0]
	c.answers = c.answers[1:]
	if err, failed := next.(error); failed {
		return nil, err
	}
	if carry, itself := next.(carrier); itself {
		return carry(req)
	}
	a := next.(answer)
	header := http.Header{}
	for name, values := range a.header {
		header[http.CanonicalHeaderKey(name)] = values
	}
	return &http.Response{StatusCode: a.status, Header: header, Body: io.NopCloser(strings.NewReader(a.body))}, nil
}

func (c *cloud) lines() (lines []string) {
	for _, call := range c.calls {
		lines = append(lines, call.line)
	}
	return lines
}

func (c *cloud) exchange() Exchange {
	return Exchange{Transport: c, UserAgent: "dmswait/1.0.0", Timeout: 10 * time.Second}
}

func (c *cloud) iam() IAM { return IAM{c.exchange(), []string{"https://iam.test"}} }

// loginError is the error of a login, of which exactly one of its kinds is true.
func loginError(t *testing.T, err error) *client.Error {
	t.Helper()
	var e *client.Error
	require.ErrorAs(t, err, &e)
	assert.True(t, e.Login)
	return e
}

// logins are all that makes credentials or a part of them by one request, as far as cloud's first answer goes.
var logins = map[string]func(*cloud) func(context.Context) error{
	"agency": func(c *cloud) func(context.Context) error {
		return discard(Agency{Exchange: c.exchange(), Endpoint: "https://sts.test", IDToken: GivenToken("id")}.Login)
	},
	"identity provider": func(c *cloud) func(context.Context) error {
		return discard(IdentityProvider{IAM: c.iam(), ID: "gitlab", IDToken: GivenToken("id")}.Login)
	},
	"keys of the identity provider": func(c *cloud) func(context.Context) error {
		c.answers = append([]any{answer{201, http.Header{"X-Subject-Token": {"unscoped"}}, "{}"}}, c.answers...)
		return discard(IdentityProvider{IAM: c.iam(), ID: "gitlab", IDToken: GivenToken("id")}.Login)
	},
	"password": func(c *cloud) func(context.Context) error { return discard(Password{IAM: c.iam()}.Login) },
	"metadata": func(c *cloud) func(context.Context) error {
		c.answers = append([]any{ok("token")}, c.answers...)
		return discard(Metadata{c.exchange(), "http://metadata.test"}.Login)
	},
	"project": func(c *cloud) func(context.Context) error {
		return discard(func(ctx context.Context) (string, error) { return c.iam().Project(ctx, "n") })
	},
	"ID token of Actions": func(c *cloud) func(context.Context) error {
		return discard(ActionsToken{Exchange: c.exchange(), RequestURL: "https://actions.test/", RequestToken: "r", Audience: "a"}.Get)
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
		answer                          any
		denied, rejected, failing, slow bool
	}{
		"400":                {answer{400, nil, words}, false, true, false, false},
		"404":                {answer{404, nil, words}, false, true, false, false},
		"404 of the gateway": {answer{404, nil, `{"error_code":"APIGW.0101","error_msg":"the service's words"}`}, false, true, false, false},
		"409":                {answer{409, nil, words}, false, true, false, false},
		"401":                {answer{401, nil, words}, true, false, false, false},
		"403":                {answer{403, nil, words}, true, false, false, false},
		"408":                {answer{408, nil, words}, false, false, true, false},
		"425":                {answer{425, nil, words}, false, false, true, false},
		"429":                {answer{429, nil, words}, false, false, true, true},
		"throttled":          {answer{403, nil, `{"error_code":"APIGW.0308","error_msg":"the service's words"}`}, false, false, true, true},
		"500":                {answer{500, nil, words}, false, false, true, false},
		"502":                {answer{502, nil, "<html>"}, false, false, true, false},
		"302":                {answer{302, nil, ""}, false, false, true, false},
		"no connection":      {errors.New("connection refused"), false, false, true, false},
		"not JSON":           {answer{200, http.Header{"X-Subject-Token": {"t"}}, "<html>"}, false, false, true, false},
		"another type":       {answer{200, http.Header{"X-Subject-Token": {"t"}}, `[1]`}, false, false, true, false},
		"nothing":            {answer{200, nil, ""}, false, false, true, false},
		"null":               {answer{200, nil, "null"}, false, false, true, false},
		"an empty object":    {answer{200, nil, "{}"}, false, false, true, false},
		"too long":           {answer{200, http.Header{"X-Subject-Token": {"t"}}, strings.Repeat(" ", 1<<20+1)}, false, false, true, false},
	} {
		for which, login := range logins {
			c := &cloud{answers: []any{kind.answer}}
			if which == "identity provider" && (name == "not JSON" || name == "another type") {
				continue // its token is in the header, and its body is not read
			}
			e := loginError(t, login(c)(t.Context()))
			title := which + ", " + name
			assert.Equal(t, kind.denied, e.Denied(), title)
			assert.Equal(t, kind.rejected, e.Rejected(), title)
			assert.Equal(t, kind.failing, e.Failing(), title)
			assert.Equal(t, kind.slow, e.Throttled(), title)
			assert.False(t, e.Missing() || e.NoSuchAPI(), title)
			assert.Empty(t, c.answers, "%s: asked once", title)
			if a, answered := kind.answer.(answer); answered {
				assert.Equal(t, a.status, e.Answer.StatusCode, title)
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
		hanging := Exchange{Timeout: 7 * time.Second, Transport: carrier(func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		})}
		start := time.Now()
		_, err := Agency{Exchange: hanging, Endpoint: "https://sts.test", IDToken: GivenToken("id")}.Login(t.Context())
		e := loginError(t, err)
		assert.True(t, e.Failing())
		assert.Equal(t, "assume the agency: no answer within 7s", e.Error())
		assert.Equal(t, 7*time.Second, time.Since(start))

		called := errors.New("called off")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(called)
		_, err = Agency{Exchange: hanging, Endpoint: "https://sts.test", IDToken: GivenToken("id")}.Login(ctx)
		loginError(t, err)
		assert.ErrorIs(t, err, called)
	})
}

func TestTruncatedLoginResponseIsAnOutage(t *testing.T) {
	t.Parallel()
	cut := Exchange{Timeout: time.Minute, Transport: carrier(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Body: io.NopCloser(io.MultiReader(bytes.NewReader([]byte(`{"cre`)), failing{}))}, nil
	})}
	_, err := Agency{Exchange: cut, Endpoint: "https://sts.test", IDToken: GivenToken("id")}.Login(t.Context())
	e := loginError(t, err)
	assert.True(t, e.Failing())
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestExpiryIsConvertedToTheLocalClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { // it is midnight, 1 January 2000 UTC
		now := time.Now()
		for name, test := range map[string]struct {
			expires, date string
			want          time.Time
		}{
			"clocks agree":         {"2000-01-01T01:00:00Z", "Sat, 01 Jan 2000 00:00:00 GMT", now.Add(time.Hour - time.Second)},
			"ours is a year ahead": {"1999-01-01T01:00:00.000000Z", "Fri, 01 Jan 1999 00:00:00 GMT", now.Add(time.Hour - time.Second)},
			"ours is behind":       {"2026-01-01T01:00:00.500Z", "Thu, 01 Jan 2026 00:00:00 GMT", now.Add(time.Hour - time.Second/2)},
			"with an offset":       {"2000-01-01T09:00:00+08:00", "Sat, 01 Jan 2000 00:00:00 GMT", now.Add(time.Hour - time.Second)},
			"no Date":              {"2000-01-01T01:00:00Z", "", now.Add(time.Hour)},
			"a Date that is none":  {"2000-01-01T01:00:00Z", "soon", now.Add(time.Hour)},
			"no end":               {"", "Sat, 01 Jan 2000 00:00:00 GMT", time.Time{}},
			"an end that is none":  {"2000-01-01 01:00:00", "Sat, 01 Jan 2000 00:00:00 GMT", time.Time{}},
		} {
			header := http.Header{}
			if test.date != "" {
				header.Set("Date", test.date)
			}
			c := &cloud{answers: []any{answer{200, header, `{"credentials":{"access_key_id":"a","secret_access_key":"s","security_token":"t","expiration":"` + test.expires + `"}}`}}}
			creds, err := Agency{Exchange: c.exchange(), Endpoint: "https://sts.test", IDToken: GivenToken("id")}.Login(t.Context())
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
		answers []any
		asked   []string
		failed  bool
	}{
		"it is there":          {[]any{found}, both[:1], false},
		"no such host":         {[]any{noSuchHost, found}, both, false},
		"neither is there":     {[]any{noSuchHost, noSuchHost}, both, true},
		"DNS is down":          {[]any{&net.DNSError{Err: "server misbehaving", IsTemporary: true}}, both[:1], true},
		"DNS takes too long":   {[]any{&net.DNSError{Err: "i/o timeout", IsTimeout: true}}, both[:1], true},
		"refused":              {[]any{errors.New("connection refused")}, both[:1], true},
		"503":                  {[]any{answer{503, nil, ""}}, both[:1], true},
		"404":                  {[]any{answer{404, nil, ""}}, both[:1], true},
		"the second says 401":  {[]any{noSuchHost, answer{401, nil, ""}}, both, true},
		"the first is refused": {[]any{answer{401, nil, ""}}, both[:1], true},
	} {
		c := &cloud{answers: test.answers}
		_, err := IAM{c.exchange(), []string{"https://iam.region.test", "https://iam.test"}}.Project(t.Context(), "n")
		assert.Equal(t, test.failed, err != nil, name)
		assert.Equal(t, test.asked, c.lines(), name)
	}
	c := &cloud{answers: []any{noSuchHost}}
	_, err := c.iam().Project(t.Context(), "n")
	assert.True(t, loginError(t, err).Misconfigured(), "an endpoint that was given is the only one")
}

func TestLoginBodyIsSentAgainToTheSecondEndpoint(t *testing.T) {
	t.Parallel()
	c := &cloud{answers: []any{&net.DNSError{IsNotFound: true}, answer{201, http.Header{"X-Subject-Token": {"t"}}, `{"token":{}}`}}}
	_, err := Password{IAM: IAM{c.exchange(), []string{"https://a.test", "https://b.test"}}, Username: "u"}.Login(t.Context())
	require.NoError(t, err)
	require.Len(t, c.calls, 2)
	assert.NotEmpty(t, c.calls[0].body)
	assert.Equal(t, c.calls[0].body, c.calls[1].body)
}
