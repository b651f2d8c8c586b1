package credential

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// vector is a request that the official SDK signed, with all that it made on the way.
type vector struct {
	Name, Method, Endpoint, Body string
	AccessKey                    string            `json:"ak"`
	SecretKey                    string            `json:"sk"`
	Path                         string            `json:"path_decoded"`
	PathOnWire                   string            `json:"path_on_wire_by_go"`
	Query                        [][2]string       `json:"query"`
	QueryOnWire                  string            `json:"raw_query_on_wire"`
	Headers                      map[string]string `json:"headers"`
	CanonicalRequest             string            `json:"canonical_request"`
	StringToSign                 string            `json:"string_to_sign"`
	Authorization                string            `json:"authorization"`
}

func vectors(t testing.TB) (all []vector) {
	t.Helper()
	data, err := os.ReadFile("testdata/sign_vectors.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &all))
	require.Len(t, all, 14)
	return all
}

func (v vector) keys() Keys { return Keys{AccessKey: v.AccessKey, SecretKey: v.SecretKey} }

func (v vector) url(t testing.TB) *url.URL {
	t.Helper()
	u, err := url.Parse(v.Endpoint + v.PathOnWire + "?" + v.QueryOnWire)
	require.NoError(t, err)
	return u
}

func (v vector) headers() http.Header {
	headers := http.Header{}
	for name, value := range v.Headers {
		headers[name] = []string{value}
	}
	return headers
}

func TestSignaturesEqualTheOfficialSDKs(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			u := v.url(t)
			require.Equal(t, v.Path, u.Path)
			query := url.Values{}
			for _, pair := range v.Query {
				query.Add(pair[0], pair[1])
			}
			require.Equal(t, query, u.Query())

			canonical, signed := canonicalRequest(v.Method, u, v.headers(), []byte(v.Body))
			assert.Equal(t, v.CanonicalRequest, canonical)
			assert.Contains(t, v.Authorization, "SignedHeaders="+signed+", ")
			assert.Equal(t, v.StringToSign,
				strings.Join([]string{algorithm, v.Headers["X-Sdk-Date"], hexSHA256([]byte(canonical))}, "\n"))
			assert.Equal(t, v.Authorization, authorization(v.Method, u, v.headers(), []byte(v.Body), v.keys()))
		})
	}
}

func TestRequestIsSignedLikeTheSDKWould(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t) {
		if v.Name != "get_task_recommended_set" {
			continue
		}
		req, err := http.NewRequest(v.Method, v.url(t).String(), nil)
		require.NoError(t, err)
		for _, name := range []string{"Content-Type", "X-Project-Id"} {
			req.Header.Set(name, v.Headers[name])
		}
		req.Header.Set("User-Agent", "a proxy may change it")
		at, err := time.Parse(dateFormat, v.Headers["X-Sdk-Date"])
		require.NoError(t, err)
		keys := v.keys()
		keys.SecurityToken = v.Headers["X-Security-Token"]
		sign(req, nil, keys, at.In(time.FixedZone("", 8*3600)))
		assert.Equal(t, http.Header{
			"Content-Type":     {"application/json"},
			"User-Agent":       {"a proxy may change it"},
			"X-Project-Id":     {"0123456789abcdef0123456789abcdef"},
			"X-Sdk-Date":       {"20260102T030405Z"},
			"X-Security-Token": {"FAKE+SECURITY/TOKEN=="},
			"Authorization":    {v.Authorization},
		}, req.Header)
		return
	}
	t.Fatal("the vector is gone")
}

func TestGivenContentHashIsSigned(t *testing.T) {
	t.Parallel()
	req, err := http.NewRequest(http.MethodPost, "https://dms.test/v2", nil)
	require.NoError(t, err)
	req.Header.Set("X-Sdk-Content-Sha256", "UNSIGNED-PAYLOAD")
	keys := Keys{AccessKey: "AK", SecretKey: "SK"}
	sign(req, []byte("abc"), keys, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	signed := http.Header{
		"Host": {"dms.test"}, "X-Sdk-Date": {"20260102T030405Z"}, "X-Sdk-Content-Sha256": {"UNSIGNED-PAYLOAD"},
	}
	assert.Equal(t, authorization(http.MethodPost, req.URL, signed, nil, keys), req.Header.Get("Authorization"))
}

func TestHostIsSignedAsSent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ url, host, want string }{
		{"https://dms.test/v2", "", "dms.test"},
		{"https://dms.test:8443/v2", "", "dms.test:8443"},
		{"https://127.0.0.1:8443/v2", "", "127.0.0.1:8443"},
		{"https://dms.test/v2", "other.test", "other.test"},
	} {
		req, err := http.NewRequest(http.MethodGet, c.url, nil)
		require.NoError(t, err)
		if c.host != "" {
			req.Host = c.host
		}
		at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		sign(req, nil, Keys{AccessKey: "AK", SecretKey: "SK"}, at)
		signed := http.Header{"Host": {c.want}, "X-Sdk-Date": {"20260102T030405Z"}}
		want := authorization(http.MethodGet, req.URL, signed, nil, permanent)
		assert.Equal(t, want, req.Header.Get("Authorization"), "%+v", c)
	}
}

func TestSignatureDependsOnEveryPart(t *testing.T) {
	t.Parallel()
	u := func(s string) *url.URL {
		parsed, err := url.Parse(s)
		require.NoError(t, err)
		return parsed
	}
	keys := Keys{AccessKey: "AK", SecretKey: "SK"}
	headers := func(date, project string) http.Header {
		return http.Header{"Host": {"dms.test"}, "X-Sdk-Date": {date}, "X-Project-Id": {project}}
	}
	seen := map[string]string{}
	for name, made := range map[string]string{
		"base":       authorization("GET", u("https://dms.test/a?b=c"), headers("1", "p"), nil, keys),
		"method":     authorization("PUT", u("https://dms.test/a?b=c"), headers("1", "p"), nil, keys),
		"path":       authorization("GET", u("https://dms.test/b?b=c"), headers("1", "p"), nil, keys),
		"query":      authorization("GET", u("https://dms.test/a?b=d"), headers("1", "p"), nil, keys),
		"date":       authorization("GET", u("https://dms.test/a?b=c"), headers("2", "p"), nil, keys),
		"project":    authorization("GET", u("https://dms.test/a?b=c"), headers("1", "q"), nil, keys),
		"body":       authorization("GET", u("https://dms.test/a?b=c"), headers("1", "p"), []byte("x"), keys),
		"secret key": authorization("GET", u("https://dms.test/a?b=c"), headers("1", "p"), nil, Keys{AccessKey: "AK", SecretKey: "SL"}),
	} {
		_, signature, ok := strings.Cut(made, ", Signature=")
		require.True(t, ok)
		assert.Len(t, signature, 64)
		assert.Empty(t, seen[signature], "%s is as %s", name, seen[signature])
		seen[signature] = name
	}
}

// BenchmarkSign measures what login adds to a poll: the signature of the request for one task.
func BenchmarkSign(b *testing.B) {
	req, err := http.NewRequest(http.MethodGet, vectors(b)[0].url(b).String(), nil)
	require.NoError(b, err)
	req.Header.Set("X-Project-Id", "0123456789abcdef0123456789abcdef")
	keys := Keys{AccessKey: "FAKEAK0EXAMPLE0ONLY0", SecretKey: "fakeSecretKeyForTestVectorsOnly0123456789"}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	b.ReportAllocs()
	for b.Loop() {
		sign(req, nil, keys, at)
	}
	require.Contains(b, req.Header.Get("Authorization"), algorithm+" Access="+keys.AccessKey+", ")
}
