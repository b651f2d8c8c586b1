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
	listPath  = "/v2/" + DefaultProjectID + "/instances/" + DefaultInstanceID + "/tasks"
)

// vectorTime is the X-Sdk-Date of the vectors.
var vectorTime = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// send sends a request on its own connection, and returns status and body.
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

func TestSignaturesAreChecked(t *testing.T) {
	t.Parallel()
	server, err := (&Simulator{
		Keys:           map[string]string{permanent: secret, temporary: secret},
		SecurityTokens: map[string]string{temporary: "sts"},
		Clock:          func() time.Time { return vectorTime },
	}).Start()
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, server.Close()) })

	const (
		usual     = "host;x-sdk-date"
		withToken = "host;x-sdk-date;x-security-token"
	)
	header := func(name, value string) map[string]string { return map[string]string{name: value} }
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	query := func(raw string) func(*http.Request) { return func(r *http.Request) { r.URL.RawQuery = raw } }
	for name, test := range map[string]struct {
		key, signed string
		headers     map[string]string // added to X-Sdk-Date, or replacing it
		after       func(*http.Request)
		reason      string // of the rejection; "": accepted
	}{
		"usual": {key: permanent, signed: usual},
		"project signed": {
			key: permanent, signed: "host;x-project-id;x-sdk-date",
			headers: header("X-Project-Id", DefaultProjectID),
		},
		"temporary key":   {key: temporary, signed: withToken, headers: header("X-Security-Token", "sts")},
		"15 minutes fast": {key: permanent, signed: usual, headers: header("X-Sdk-Date", "20260102T031905Z")},
		"15 minutes slow": {key: permanent, signed: usual, headers: header("X-Sdk-Date", "20260102T024905Z")},
		"header in another case": {key: permanent, signed: usual, after: func(r *http.Request) {
			r.Header["x-sdk-DATE"] = r.Header["X-Sdk-Date"]
			delete(r.Header, "X-Sdk-Date")
		}},
		"token in addition": {key: permanent, signed: usual, headers: header("X-Auth-Token", "whatever")},
		"host not signed":   {key: permanent, signed: "x-sdk-date", reason: "header host must be signed"},
		"date not signed":   {key: permanent, signed: "host", reason: "header x-sdk-date must be signed"},
		"project not signed": {
			key: permanent, signed: usual, headers: header("X-Project-Id", DefaultProjectID),
			reason: "header x-project-id must be signed",
		},
		"token not signed": {
			key: temporary, signed: usual, headers: header("X-Security-Token", "sts"),
			reason: "header x-security-token must be signed",
		},
		"token missing": {key: temporary, signed: usual, reason: "verify security token fail"},
		"another token": {
			key: temporary, signed: withToken, headers: header("X-Security-Token", "old"),
			reason: "verify security token fail",
		},
		"token with a permanent key": {
			key: permanent, signed: withToken, headers: header("X-Security-Token", "sts"),
			reason: "verify security token fail",
		},
		"more than 15 minutes fast": {
			key: permanent, signed: usual, headers: header("X-Sdk-Date", "20260102T031906Z"),
			reason: "signature expired, signature time:20260102T031906Z,server time:20260102T030405Z",
		},
		"more than 15 minutes slow": {
			key: permanent, signed: usual, headers: header("X-Sdk-Date", "20260102T024904Z"),
			reason: "signature expired, signature time:20260102T024904Z,server time:20260102T030405Z",
		},
		"date in another format": {
			key: permanent, signed: usual, headers: header("X-Sdk-Date", "2026-01-02T03:04:05Z"),
			reason: "is not of the form YYYYMMDDTHHMMSSZ",
		},
		"unknown key": {
			key: "NOBODY", signed: usual, reason: "Get secretKey failed,ak:NOBODY,err:ak not exist",
		},
		"no signature": {
			key: permanent, signed: usual, after: set("Authorization", "Bearer x"),
			reason: "authorization is not SDK-HMAC-SHA256",
		},
		"signed header missing": {key: permanent, signed: usual, after: func(r *http.Request) {
			authorization := strings.Replace(r.Header.Get("Authorization"), usual, usual+";x-z", 1)
			r.Header.Set("Authorization", authorization)
		}, reason: "signed header x-z occurs 0 times"},
		"query added": {
			key: permanent, signed: usual, after: query("limit=2"),
			reason: "verify aksk signature fail, canonicalRequest:GET|" + listPath + "/|limit=2|host:",
		},
		"malformed query": {key: permanent, signed: usual, after: query("a=%zz"), reason: "parse query: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+listPath, nil)
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
			if test.reason == "" {
				assert.Equal(t, http.StatusOK, status, body)
				return
			}
			assert.Equal(t, http.StatusUnauthorized, status)
			assert.Contains(t, body, `{"error_code":"APIGW.0301",`+
				`"error_msg":"Incorrect IAM authentication information: `)
			assert.Contains(t, strings.ReplaceAll(body, `\"`, `"`), test.reason)
		})
	}
}

func TestTokensAreChecked(t *testing.T) {
	t.Parallel()
	server, err := (&Simulator{Tokens: []string{"one", "two"}}).Start()
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, server.Close()) })

	for token, reason := range map[string]string{
		"one": "", "two": "", "three": "decrypt token fail", "": "x-auth-token not found",
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+listPath, nil)
		require.NoError(t, err)
		r.Header.Set("X-Auth-Token", token)
		status, body := send(t, r)
		if reason == "" {
			assert.Equal(t, http.StatusOK, status, token)
			continue
		}
		assert.Equal(t, http.StatusUnauthorized, status, token)
		assert.Contains(t, body, `"error_msg":"Incorrect IAM authentication information: `+reason+`"`)
	}
}

// These requests were signed by the official SDK; here they are sent over HTTP.
func TestRequestsOfOfficialSDKAreAccepted(t *testing.T) {
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
