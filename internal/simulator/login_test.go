package simulator

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	permanent = "FAKEAK0EXAMPLE0ONLY0"
	temporary = "FAKEAK0TEMPORARY0000"
	secret    = "fakeSecretKeyForTestsOnly"
	exists    = "/v2/" + DefaultProjectID + "/instances/" + DefaultInstanceID + "/tasks"
)

// vectorTime is the X-Sdk-Date of the vectors.
var vectorTime = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// send returns the status and the body.
func send(t *testing.T, r *http.Request) (int, string) {
	t.Helper()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(body)
}

func TestSignaturesAreJudged(t *testing.T) {
	t.Parallel()
	server, err := (&Simulator{
		Keys:           map[string]string{permanent: secret, temporary: secret},
		SecurityTokens: map[string]string{temporary: "sts"},
		Clock:          func() time.Time { return vectorTime },
	}).Start()
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, server.Close()) })

	const usual = "host;x-sdk-date"
	for name, test := range map[string]struct {
		key, signed string
		headers     map[string]string // besides X-Sdk-Date, or instead of it
		after       func(*http.Request)
		refusal     string // "": none
	}{
		"usual":                {key: permanent, signed: usual},
		"project signed":       {key: permanent, signed: "host;x-project-id;x-sdk-date", headers: map[string]string{"X-Project-Id": DefaultProjectID}},
		"temporary key":        {key: temporary, signed: "host;x-sdk-date;x-security-token", headers: map[string]string{"X-Security-Token": "sts"}},
		"15 minutes fast":      {key: permanent, signed: usual, headers: map[string]string{"X-Sdk-Date": "20260102T031905Z"}},
		"15 minutes slow":      {key: permanent, signed: usual, headers: map[string]string{"X-Sdk-Date": "20260102T024905Z"}},
		"header in other case": {key: permanent, signed: usual, after: func(r *http.Request) { r.Header["x-sdk-DATE"] = r.Header["X-Sdk-Date"]; delete(r.Header, "X-Sdk-Date") }},
		"good token besides":   {key: permanent, signed: usual, headers: map[string]string{"X-Auth-Token": "whatever"}},
		"host not signed":      {key: permanent, signed: "x-sdk-date", refusal: "header host must be signed"},
		"date not signed":      {key: permanent, signed: "host", refusal: "header x-sdk-date must be signed"},
		"project not signed":   {key: permanent, signed: usual, headers: map[string]string{"X-Project-Id": DefaultProjectID}, refusal: "header x-project-id must be signed"},
		"token not signed":     {key: temporary, signed: usual, headers: map[string]string{"X-Security-Token": "sts"}, refusal: "header x-security-token must be signed"},
		"token missing":        {key: temporary, signed: usual, refusal: "verify security token fail"},
		"another token":        {key: temporary, signed: "host;x-sdk-date;x-security-token", headers: map[string]string{"X-Security-Token": "old"}, refusal: "verify security token fail"},
		"token of no use":      {key: permanent, signed: "host;x-sdk-date;x-security-token", headers: map[string]string{"X-Security-Token": "sts"}, refusal: "verify security token fail"},
		"16 minutes fast":      {key: permanent, signed: usual, headers: map[string]string{"X-Sdk-Date": "20260102T031906Z"}, refusal: "signature expired, signature time:20260102T031906Z,server time:20260102T030405Z"},
		"16 minutes slow":      {key: permanent, signed: usual, headers: map[string]string{"X-Sdk-Date": "20260102T024904Z"}, refusal: "signature expired, signature time:20260102T024904Z,server time:20260102T030405Z"},
		"date in another form": {key: permanent, signed: usual, headers: map[string]string{"X-Sdk-Date": "2026-01-02T03:04:05Z"}, refusal: "is not of the form YYYYMMDDTHHMMSSZ"},
		"unknown key":          {key: "NOBODY", signed: usual, refusal: "Get secretKey failed,ak:NOBODY,err:ak not exist"},
		"no signature":         {key: permanent, signed: usual, after: func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }, refusal: "authorization is not SDK-HMAC-SHA256"},
		"signed header missing": {key: permanent, signed: usual, after: func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), usual, usual+";x-z", 1))
		}, refusal: "signed header x-z came 0 times"},
		"query added":  {key: permanent, signed: usual, after: func(r *http.Request) { r.URL.RawQuery = "limit=2" }, refusal: "verify aksk signature fail, canonicalRequest:GET|" + exists + "/|limit=2|host:"},
		"broken query": {key: permanent, signed: usual, after: func(r *http.Request) { r.URL.RawQuery = "a=%zz" }, refusal: "read query: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+exists, nil)
			require.NoError(t, err)
			r.Header.Set("X-Sdk-Date", "20260102T030405Z")
			for name, value := range test.headers {
				r.Header.Set(name, value)
			}
			require.NoError(t, Sign(r, test.key, secret, test.signed))
			if test.after != nil {
				test.after(r)
			}
			status, body := send(t, r)
			if test.refusal == "" {
				assert.Equal(t, http.StatusOK, status, body)
				return
			}
			assert.Equal(t, http.StatusUnauthorized, status)
			assert.Contains(t, body, `{"error_code":"APIGW.0301","error_msg":"Incorrect IAM authentication information: `)
			assert.Contains(t, strings.ReplaceAll(body, `\"`, `"`), test.refusal)
		})
	}
}

func TestTokensAreJudged(t *testing.T) {
	t.Parallel()
	server, err := (&Simulator{Tokens: []string{"one", "two"}}).Start()
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, server.Close()) })

	for token, refusal := range map[string]string{
		"one": "", "two": "", "three": "decrypt token fail", "": "x-auth-token not found",
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+exists, nil)
		require.NoError(t, err)
		r.Header.Set("X-Auth-Token", token)
		status, body := send(t, r)
		if refusal == "" {
			assert.Equal(t, http.StatusOK, status, token)
			continue
		}
		assert.Equal(t, http.StatusUnauthorized, status, token)
		assert.Contains(t, body, `"error_msg":"Incorrect IAM authentication information: `+refusal+`"`)
	}
}

// The SDK's own requests, end to end: signed by it, sent over HTTP, answered.
func TestRequestsOfTheOfficialSDKAreAnswered(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		unsignedHost bool
		token        string
		status       int
	}{
		"get_task_host_signed":     {false, "", http.StatusOK},
		"get_task_recommended_set": {false, "FAKE+SECURITY/TOKEN==", http.StatusOK},
		"get_task_security_token":  {true, "FAKE+SECURITY/TOKEN==", http.StatusOK},
		"get_task_like_sdk_client": {true, "", http.StatusOK},
		"get_task_plain":           {false, "", http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var v vector
			for _, v = range vectors(t) {
				if v.Name == name {
					break
				}
			}
			s := Simulator{
				Keys:         map[string]string{v.AccessKey: v.SecretKey},
				UnsignedHost: test.unsignedHost,
				Clock:        func() time.Time { return vectorTime },
			}
			if test.token != "" {
				s.SecurityTokens = map[string]string{v.AccessKey: test.token}
			}
			server, err := s.Start()
			require.NoError(t, err)
			t.Cleanup(func() { assert.NoError(t, server.Close()) })

			r, err := http.NewRequestWithContext(t.Context(), v.Method, server.URL+v.Path, nil)
			require.NoError(t, err)
			for name, value := range v.Headers {
				r.Header.Set(name, value)
			}
			r.Host = strings.TrimPrefix(v.Endpoint, "https://")
			r.Header.Set("Authorization", v.Authorization)
			status, body := send(t, r)
			assert.Equal(t, test.status, status, body)
		})
	}
}
