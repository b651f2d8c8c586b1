package credential

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
)

// FuzzSign compares signatures with a second implementation of the scheme, for any path, query and headers,
// and asserts that the order of a query makes no difference.
func FuzzSign(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.Path, v.QueryOnWire, "p1", "", v.SecretKey, []byte(v.Body), int64(1_767_322_800))
	}
	f.Add("/v2/a b/ü/..//%2F", "b=2&a=%ff&a=1&=&;&x;y&%zz=1&a+b=c+d", " p ", "ST", "", []byte{}, int64(-62_135_596_801))
	f.Add("", "a=1&a=1&A=1&ä", "", " \t", "\xff", []byte("\x00"), int64(1<<40))
	f.Fuzz(func(t *testing.T, path, query, project, token, secret string, body []byte, at int64) {
		keys := Keys{AccessKey: "AK", SecretKey: secret, SecurityToken: token}
		signed := func(query string) *http.Request {
			target := &url.URL{Scheme: "https", Host: "dms.test", Path: path, RawQuery: query}
			req := &http.Request{Method: http.MethodPost, URL: target, Header: http.Header{}}
			if project != "" {
				req.Header.Set("X-Project-Id", project)
			}
			sign(req, body, keys, time.Unix(at, 0))
			return req
		}
		req := signed(query)
		target := url.URL{Scheme: "https", Host: "dms.test", Path: path, RawQuery: query}
		require.Equal(t, target, *req.URL, "a signature changes headers only")
		require.Equal(t, secondReading(req, body, secret), req.Header.Get("Authorization"))

		pairs := strings.Split(query, "&")
		slices.Reverse(pairs)
		require.Equal(t, req.Header, signed(strings.Join(pairs, "&")).Header)

		canonical := canonicalPath(path)
		require.Regexp(t, `^([A-Za-z0-9._~/-]|%[0-9A-F]{2})*/$`, canonical)
		plain, err := url.PathUnescape(canonical)
		require.NoError(t, err)
		require.Equal(t, strings.TrimSuffix(path, "/")+"/", plain)
	})
}

// secondReading returns the Authorization header, computed in another way than by the program.
func secondReading(req *http.Request, body []byte, secret string) string {
	values := map[string]string{"host": "dms.test"}
	for name := range req.Header {
		if name != "Authorization" {
			values[strings.ToLower(name)] = strings.TrimSpace(req.Header.Get(name))
		}
	}
	headers := ""
	var names []string
	for _, name := range []string{"host", "x-project-id", "x-sdk-date", "x-security-token"} {
		if value, ok := values[name]; ok {
			headers += name + ":" + value + "\n"
			names = append(names, name)
		}
	}
	type pair struct{ key, value string }
	var pairs []pair
	for key, all := range req.URL.Query() {
		for _, value := range all {
			pairs = append(pairs, pair{key, value})
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		if a.key != b.key {
			return strings.Compare(a.key, b.key)
		}
		return strings.Compare(a.value, b.value)
	})
	var query []string
	for _, p := range pairs {
		query = append(query, percent(p.key, "")+"="+percent(p.value, ""))
	}
	path := percent(req.URL.Path, "/")
	if !strings.HasSuffix(path, "/") {
		path += "/"
	}
	signed := strings.Join(names, ";")
	hash := fmt.Sprintf("%x", sha256.Sum256(body))
	text := strings.Join([]string{req.Method, path, strings.Join(query, "&"), headers, signed, hash}, "\n")
	mac := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(mac, "SDK-HMAC-SHA256\n%s\n%x", values["x-sdk-date"], sha256.Sum256([]byte(text)))
	return fmt.Sprintf("SDK-HMAC-SHA256 Access=AK, SignedHeaders=%s, Signature=%x", signed, mac.Sum(nil))
}

func percent(text, kept string) string {
	var b strings.Builder
	for _, c := range []byte(text) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~"+kept, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// marker is at the end of each secret of a fuzzed login, by which it is recognized.
const marker = "hunter2hunter3"

// issue returns a response to every login at once, with these values.
func issue(access, secret, token, expires string) []byte {
	keys := map[string]string{
		"access": access, "secret": secret + marker, "securitytoken": token + marker, "expires_at": expires,
		"access_key_id": access, "secret_access_key": secret + marker, "security_token": token + marker, "expiration": expires,
	}
	if secret == "" {
		delete(keys, "secret")
		delete(keys, "secret_access_key")
	}
	body, _ := json.Marshal(map[string]any{
		"credential": keys, "credentials": keys, "value": token + marker,
		"token": map[string]any{"expires_at": expires, "project": map[string]string{"id": access}},
	})
	return body
}

// FuzzLogin asserts that each login returns complete credentials or an error, and that errors have one class
// and contain no secret, once what was learned is redacted. The body is raw or, if that is empty, a valid one
// cut to length bytes.
func FuzzLogin(f *testing.F) {
	for _, status := range []int{200, 201, 302, 401, 404, 500} {
		f.Add(status, []byte(nil), 1000, "AK", "SK", "ST", "2000-01-01T06:00:00.000000Z", "Sat, 01 Jan 2000 00:00:00 GMT")
		f.Add(status, []byte(`{"error":{"message":"no","code":401}}`), 0, "", "", "tok", "", "")
		f.Add(status, []byte(nil), 60, "A", "", "", "9999-12-31T23:59:59Z", "Mon, 01 Jan 0001 00:00:00 GMT")
	}
	f.Add(200, []byte(nil), 1000, "AK", "", "ST", "", "")
	f.Add(200, []byte(`{"projects":[{"id":"p1"},{"id":"../p2","name":"x"}]}`), 0, "", "", "", "", "")
	f.Add(200, []byte(`{"credential":null,"credentials":[],"token":{"project":{"id":1}},"value":{}}`), 0, "", "", "", "", "")
	f.Add(400, []byte("Please configure Cloud Service Agency first"), 0, "", "", "", "", "")
	f.Fuzz(func(t *testing.T, status int, raw []byte, length int, access, secret, token, expires, date string) {
		body := raw
		if len(raw) == 0 {
			body = issue(access, secret, token, expires)
			body = body[:min(max(length, 0), len(body))]
		}
		token = strings.TrimSpace(strings.ToValidUTF8(token, ""))
		last := scripted{status, http.Header{"X-Subject-Token": {token + marker}, "Date": {date}}, string(body)}
		first := scripted{201, http.Header{"X-Subject-Token": {token + marker}}, token + marker}
		words, _ := json.Marshal("no " + token + marker)
		echo := scripted{500, http.Header{"X-Iam-Trace-Id": {token + marker}},
			fmt.Sprintf(`{"error_code":%s,"error_msg":%[1]s,"request_id":%[1]s}`, words)}
		for _, responses := range [][]any{{last}, {first, last}, {first, echo}} {
			for name, login := range issuers {
				var learned []string
				c := &service{responses: slices.Clone(responses)}
				c.learned = func(secrets ...string) { learned = append(learned, secrets...) }
				creds, err := login(c, t.Context())
				if err != nil {
					require.Zero(t, creds, name)
					requireLoginError(t, err, learned, len(raw) == 0)
					continue
				}
				require.True(t,
					creds.Token != "" || creds.AccessKey != "" && creds.SecretKey != "" && creds.SecurityToken != "",
					"%s: %+v", name, creds)
				require.True(t, creds.ProjectID == "" || client.ValidID(creds.ProjectID))
			}
			c := &service{responses: slices.Clone(responses)}
			id, err := new(c.iam()).Project(t.Context(), "n")
			require.Equal(t, err == nil, client.ValidID(id))
		}
	})
}

// issuers are the logins that take their credentials from a response.
var issuers = map[string]func(*service, context.Context) (Credentials, error){
	"agency": func(c *service, ctx context.Context) (Credentials, error) {
		return (&Agency{Exchange: c.exchange(), Endpoint: "https://sts.test", IDToken: GivenToken("id")}).Get(ctx)
	},
	"identity provider": func(c *service, ctx context.Context) (Credentials, error) {
		return (&IdentityProvider{IAM: c.iam(), ID: "gitlab", IDToken: GivenToken("id")}).Get(ctx)
	},
	"password": func(c *service, ctx context.Context) (Credentials, error) { return (&Password{IAM: c.iam()}).Get(ctx) },
	"metadata": func(c *service, ctx context.Context) (Credentials, error) { return new(c.metadata()).Get(ctx) },
	"ID token": func(c *service, ctx context.Context) (Credentials, error) {
		token, err := (&ActionsToken{Exchange: c.exchange(), RequestURL: "https://actions.test/", Audience: "a"}).Get(ctx)
		return Credentials{Token: token}, err
	},
}

func requireLoginError(t *testing.T, err error, learned []string, secret bool) {
	t.Helper()
	var e *Error
	require.ErrorAs(t, err, &e)
	require.NotEmpty(t, e.Service)
	r := e.Request
	classes := 0
	for _, is := range []bool{r.Denied(), r.NoSuchAPI(), r.Rejected(), r.Missing(), r.Failing()} {
		if is {
			classes++
		}
	}
	require.Equal(t, 1, classes, "%v", err)
	require.False(t, r.Missing() || r.NoSuchAPI(), "%v", err)
	if secret {
		text := r.Text(func(text string) string {
			for _, token := range learned {
				text = strings.ReplaceAll(text, token, "***")
			}
			return text
		})
		require.NotContains(t, text, marker)
		require.NotContains(t, e.Reason+e.Hint, marker)
	}
}
