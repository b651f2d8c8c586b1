package credential

import (
	"context"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// jwt returns a token with these claims.
func jwt(claims string) string {
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
}

func TestClaimsAreShownSafely(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 100_000)
	for token, want := range map[string]string{
		jwt(`{"iss":"https://token.actions.githubusercontent.com","aud":"sts.huaweicloud.com",` +
			`"sub":"repo:a@1/b@2:ref:refs/heads/main","jti":"hidden"}`): `the ID token has iss ` +
			`"https://token.actions.githubusercontent.com", aud "sts.huaweicloud.com", sub "repo:a@1/b@2:ref:refs/heads/main"`,
		jwt(`{"aud":["a","b"]}`):                   `the ID token has iss missing, aud "[a b]", sub missing`,
		jwt(`{"iss":1,"aud":{"x":null},"sub":[]}`): `the ID token has iss "1", aud "map[x:<nil>]", sub "[]"`,
		jwt(`{"iss":"\n::error::x","sub":"\u001b[2J\u202e"}`): `the ID token has iss "\n::error::x", aud missing, ` +
			`sub "\x1b[2J\u202e"`,
		jwt(`{"sub":"` + long + `"}`): `the ID token has iss missing, aud missing, sub "` + long[:200] + `…"`,
	} {
		assert.Equal(t, want, claims(token))
	}
	for _, token := range []string{"", ".", "..", "a.b", "a.!.c", jwt(""), jwt("[]"), jwt(`"x"`), jwt(`{"sub":`),
		"e30." + base64.RawURLEncoding.EncodeToString([]byte("{}")), "\x00.\xff.\n"} {
		assert.Equal(t, "the ID token is not a JWT whose claims can be read", claims(token), token)
	}
	padded := "e30." + base64.URLEncoding.EncodeToString([]byte(`{"sub":"s"}`)) + ".x"
	assert.Equal(t, `the ID token has iss missing, aud missing, sub "s"`, claims(padded))
}

func TestRefusedIDTokenGetsOneSecondTry(t *testing.T) {
	t.Parallel()
	const keys = `{"credentials":{"access_key_id":"AK","secret_access_key":"SK","security_token":"ST"}}`
	status := func(code int) scripted { return scripted{status: code} }
	reset := errors.New("connection reset")
	for name, test := range map[string]struct {
		responses []any
		tokens    []string // that the source returns
		want      []string // that are sent
		detail    string
	}{
		"accepted":                {[]any{ok(keys)}, []string{"1"}, []string{"1"}, ""},
		"refused once, 401":       {[]any{status(401), ok(keys)}, []string{"1", "2"}, []string{"1", "2"}, ""},
		"refused once, 400":       {[]any{status(400), ok(keys)}, []string{"1", "2"}, []string{"1", "2"}, ""},
		"refused twice":           {[]any{status(401), status(400)}, []string{"1", "2", "3"}, []string{"1", "2"}, "2"},
		"no other token":          {[]any{status(401)}, []string{"1", "1"}, []string{"1"}, "1"},
		"no further token at all": {[]any{status(401)}, []string{"1"}, []string{"1"}, "1"},
		"forbidden":               {[]any{status(403)}, []string{"1", "2"}, []string{"1"}, "1"},
		"no such agency":          {[]any{status(404)}, []string{"1", "2"}, []string{"1"}, "1"},
		"an outage":               {[]any{status(503)}, []string{"1", "2"}, []string{"1"}, ""},
		"no response":             {[]any{reset}, []string{"1", "2"}, []string{"1"}, ""},
		"throttled":               {[]any{scripted{400, nil, `{"error_code":"APIGW.0308"}`}}, []string{"1", "2"}, []string{"1"}, ""},
		"an outage at the second": {[]any{status(401), reset}, []string{"1", "2"}, []string{"1", "2"}, ""},
	} {
		c := &service{responses: test.responses}
		n := 0
		token := func(context.Context) (string, error) {
			n++
			if n > len(test.tokens) {
				return "", &Error{Service: "the source"}
			}
			return jwt(`{"sub":"` + test.tokens[n-1] + `"}`), nil
		}
		_, err := (&Agency{Exchange: c.exchange(), Endpoint: "https://sts.test", IDToken: token}).Get(t.Context())
		var sent []string
		for _, request := range c.requests {
			for i := range len(test.tokens) {
				if strings.Contains(request.body, jwt(`{"sub":"`+strconv.Itoa(i+1)+`"}`)) {
					sent = append(sent, strconv.Itoa(i+1))
				}
			}
		}
		assert.Equal(t, test.want, sent, name)
		var e *Error
		if err == nil {
			assert.Empty(t, test.detail, name)
			continue
		}
		require.ErrorAs(t, err, &e, name)
		want := ""
		if test.detail != "" {
			want = `the ID token has iss missing, aud missing, sub "` + test.detail + `"`
		}
		assert.Equal(t, want, e.Detail, name)
		assert.NotContains(t, err.Error()+e.Detail+e.Hint, "e30.", "never the token")
	}
}
