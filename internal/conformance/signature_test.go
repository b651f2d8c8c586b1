package conformance

import (
	"encoding/json"
	"flag"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/signer"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/request"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/credential"
)

var seed = flag.Uint64("seed", rand.Uint64(), "of the random requests; a failure states it")

// signable is a request as far as a signature covers it.
type signable struct {
	Method, Path string // the path decoded
	Query        url.Values
	Headers      map[string]string // the signed ones, including Host and X-Sdk-Date
	Body         string
}

// bySDK returns the Authorization header that the official SDK computes for the request.
func (s signable) bySDK(t testing.TB, accessKey, secretKey string) string {
	t.Helper()
	builder := request.NewHttpRequestBuilder().WithMethod(s.Method).WithPath(s.Path).WithBody("", s.Body)
	for key, values := range s.Query {
		builder.AddQueryParam(key, reflect.ValueOf(slices.Clone(values)))
	}
	for name, value := range s.Headers {
		builder.AddHeaderParam(name, value)
	}
	made, err := signer.Sign(builder.Build(), accessKey, secretKey)
	require.NoError(t, err)
	require.Equal(t, s.Headers["X-Sdk-Date"], made["X-Sdk-Date"], "the SDK used another date")
	return made["Authorization"]
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func TestRandomRequestsGetTheSDKsSignature(t *testing.T) {
	t.Parallel()
	random := dice{rand.New(rand.NewPCG(*seed, 0))}
	seen := map[string]bool{}
	for n := range 5000 {
		want, keys := random.request(), random.keys()
		target := random.onTheWire(want)
		req, err := http.NewRequest(want.Method, target, strings.NewReader(want.Body))
		require.NoError(t, err, "%s", target)
		for name, value := range want.Headers {
			req.Header[name] = []string{value}
		}
		req.Header.Set("Content-Type", "application/json;charset=UTF-8")
		req.Header.Set("User-Agent", random.text(9))
		if random.IntN(4) == 0 {
			req.Host = random.pick("dms.test", "DMS.Test:8443", "[::1]:1")
		}

		sent, body := ours(t, req, keys)
		want.Headers["Host"], want.Headers["X-Sdk-Date"] = req.Host, sent.Header.Get("X-Sdk-Date")
		if keys.SecurityToken != "" {
			want.Headers["X-Security-Token"] = keys.SecurityToken
		}
		require.Equal(t, want.bySDK(t, keys.AccessKey, keys.SecretKey), sent.Header.Get("Authorization"),
			"request %d of -seed=%d: %s %+q", n, *seed, target, want)
		assert.Equal(t, want.Body, body)
		seen[sent.Header.Get("Authorization")] = true
	}
	assert.Len(t, seen, 5000, "no two requests are equal: -seed=%d", *seed)
}

// ours sends a request through our transport, and returns it as it would be sent.
func ours(t testing.TB, req *http.Request, keys credential.Keys) (sent *http.Request, body string) {
	t.Helper()
	capture := roundTripper(func(signed *http.Request) (*http.Response, error) {
		sent = signed
		content, err := io.ReadAll(signed.Body)
		body = string(content)
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, err
	})
	_, err := withKeys(capture, keys).RoundTrip(req)
	require.NoError(t, err)
	return sent, body
}

// dice makes random requests, odder than any that dmswait sends.
type dice struct{ *rand.Rand }

func (d dice) pick(from ...string) string { return from[d.IntN(len(from))] }

func (d dice) text(most int) string {
	var b strings.Builder
	for range d.IntN(most + 1) {
		b.WriteString(d.pick("a", "Z", "0", "9", "-", "_", ".", "..", "~", " ", "%", "%2F", "%zz", "+", "*", "'", "(", ")", "!", "$", "&", "=", "?", "#", "@", ":", ",", ";",
			`"`, `\`, "<", ">", "[", "]", "{", "}", "|", "^", "`", "ä", "日本", "😀", "e\u0301", "\xff", "\x00", "\n", "\t", "\x7f", "\u2028"))
	}
	return b.String()
}

func (d dice) keys() credential.Keys {
	keys := credential.Keys{AccessKey: "AK" + d.pick("", "B", "C"), SecretKey: "SK" + d.text(20)}
	if d.IntN(2) == 0 {
		keys.SecurityToken = d.pick("", " ", "  ") + "FAKE+/token==" + d.pick("", " ", "\t")
	}
	return keys
}

func (d dice) request() signable {
	s := signable{Method: d.pick("GET", "GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"), Query: url.Values{}, Headers: map[string]string{}}
	for range d.IntN(7) {
		s.Path += d.pick("/", "/", "/", "//") + d.text(6)
	}
	s.Path += d.pick("", "", "/")
	for range d.IntN(6) {
		key := d.pick("limit", "start", "a", "A", "a-b", "", d.text(4))
		for range 1 + d.IntN(3) {
			s.Query.Add(key, d.pick("", "1", "10", "2", "B", "a", d.text(8)))
		}
	}
	switch d.IntN(4) {
	case 0:
		encoded, _ := json.Marshal(map[string]any{d.text(5): d.text(50), "list": []any{d.Int(), nil, d.text(5)}}) // always possible
		s.Body = string(encoded) + d.pick("", "\n")
	case 1:
		s.Body = d.text(100)
	}
	if d.IntN(4) > 0 {
		s.Headers["X-Project-Id"] = d.pick("", " ", "\t ") + d.pick("0123456789abcdef0123456789abcdef", "a  b", "ä") + d.pick("", "  ", "\t")
	}
	if d.IntN(8) == 0 {
		s.Headers["X-Sdk-Content-Sha256"] = d.pick("UNSIGNED-PAYLOAD", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
	}
	return s
}

// onTheWire writes a URL in one of many equivalent ways.
func (d dice) onTheWire(s signable) string {
	target := "https://" + d.pick("dms.cn-north-4.myhuaweicloud.com", "127.0.0.1:8443", "[::1]:8443", "Dms.Test")
	if s.Path != "" {
		target += "/" + d.escape(s.Path[1:], "/")
	}
	var pairs []string
	for _, key := range slices.Sorted(maps.Keys(s.Query)) { // the order of a map does not follow from the seed
		for _, value := range s.Query[key] {
			pair := d.escape(key, "/") + "=" + d.escape(value, "/ ")
			if value == "" && key != "" {
				pair = strings.TrimSuffix(pair, d.pick("", "="))
			}
			pairs = append(pairs, pair)
		}
	}
	d.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
	if len(pairs) > 0 {
		target += "?" + strings.Join(pairs, "&")
	}
	return target
}

// escape mostly leaves plain characters unescaped, and sometimes those in bare; a bare blank is a plus.
func (d dice) escape(text, bare string) string {
	const upper, lower = "0123456789ABCDEF", "0123456789abcdef"
	var b strings.Builder
	for _, c := range []byte(text) {
		plain := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-_.~", c) >= 0
		switch digits := d.pick(upper, lower); {
		case plain && d.IntN(9) > 0, strings.IndexByte(bare, c) >= 0 && c != ' ' && d.IntN(9) > 0:
			b.WriteByte(c)
		case c == ' ' && strings.Contains(bare, " ") && d.IntN(2) == 0:
			b.WriteByte('+')
		default:
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}
