package simulator

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// vector is a request signed by the official SDK.
type vector struct {
	Name, Method, Body, Authorization string
	AccessKey                         string `json:"ak"`
	SecretKey                         string `json:"sk"`
	Path                              string `json:"path_on_wire_by_go"`
	Query                             string `json:"raw_query_on_wire"`
	Endpoint                          string
	Headers                           map[string]string
	Canonical                         string `json:"canonical_request"`
}

func vectors(t *testing.T) []vector {
	t.Helper()
	data, err := os.ReadFile("../credential/testdata/sign_vectors.json")
	require.NoError(t, err)
	var all []vector
	require.NoError(t, json.Unmarshal(data, &all))
	require.Len(t, all, 14)
	return all
}

// wire returns the request as bytes, to be parsed by the server side of net/http.
func (v vector) wire() string {
	target := v.Path
	if v.Query != "" {
		target += "?" + v.Query
	}
	host, sent := v.Headers["Host"]
	if !sent {
		host = strings.TrimPrefix(v.Endpoint, "https://")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nAuthorization: %s\r\nContent-Length: %d\r\n", v.Method,
		target, host, v.Authorization, len(v.Body))
	for name, value := range v.Headers {
		if name != "Host" {
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	return b.String() + "\r\n" + v.Body
}

// verify returns the canonical request, and an error if the signature is wrong.
func (v vector) verify() (string, error) {
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(v.wire())))
	if err != nil {
		return "", err
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return "", err
	}
	sig, err := parseAuthorization(r.Header.Get("Authorization"))
	if err != nil {
		return "", err
	}
	canonical, err := canonicalRequest(r, body, sig.signed)
	if err != nil {
		return "", err
	}
	if !equal(sign(canonical, r.Header.Get("X-Sdk-Date"), v.SecretKey), sig.value) {
		return canonical, errors.New("wrong signature")
	}
	return canonical, nil
}

func TestSignaturesOfOfficialSDKAreAccepted(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			canonical, err := v.verify()
			require.NoError(t, err)
			assert.Equal(t, v.Canonical, canonical)
		})
	}
}

func TestSignatureCoversEveryByte(t *testing.T) {
	t.Parallel()
	for _, v := range vectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			for what, changed := range mutations(t, v) {
				_, err := changed.verify()
				if strings.HasPrefix(what, "body") && v.Headers["X-Sdk-Content-Sha256"] == "UNSIGNED-PAYLOAD" {
					assert.NoError(t, err, what)
					continue
				}
				assert.Error(t, err, "%s: %s", what, changed.wire())
			}
		})
	}
}

// mutations returns a copy of the vector for each byte that is signed or part of the signature, with that
// byte changed.
func mutations(t *testing.T, v vector) map[string]vector {
	t.Helper()
	all := map[string]vector{}
	each := func(what, text string, from int, put func(*vector, string)) {
		for i := from; i < len(text); i++ {
			other := "x"
			if text[i] == 'x' {
				other = "y"
			}
			changed := v
			changed.Headers = maps.Clone(v.Headers)
			put(&changed, text[:i]+other+text[i+1:])
			all[fmt.Sprintf("%s, byte %d", what, i)] = changed
		}
	}
	each("method", v.Method, 0, func(v *vector, s string) { v.Method = s })
	each("path", v.Path, 1, func(v *vector, s string) { v.Path = s })
	each("query", v.Query, 0, func(v *vector, s string) { v.Query = s })
	each("body", v.Body, 0, func(v *vector, s string) { v.Body = s })
	each("signature", v.Authorization, strings.Index(v.Authorization, "SignedHeaders="),
		func(v *vector, s string) { v.Authorization = s })
	sig, err := parseAuthorization(v.Authorization)
	require.NoError(t, err)
	for name, value := range v.Headers {
		if slices.Contains(sig.signed, strings.ToLower(name)) {
			each("header "+name, value, 0, func(v *vector, s string) { v.Headers[name] = s })
		}
	}
	return all
}

func TestBodyHashMustMatchBody(t *testing.T) {
	t.Parallel()
	hash := hexSHA256([]byte("abc"))
	got, err := bodyHash(http.Header{"X-Sdk-Content-Sha256": {hash}}, []byte("abc"))
	require.NoError(t, err)
	assert.Equal(t, hash, got)
	_, err = bodyHash(http.Header{"X-Sdk-Content-Sha256": {hash}}, []byte("abd"))
	assert.Error(t, err)
}

func TestRepeatedSignedHeaderIsRejected(t *testing.T) {
	t.Parallel()
	r, err := http.NewRequest(http.MethodGet, "http://dms.test/", nil)
	require.NoError(t, err)
	r.Header["X-Project-Id"] = []string{"a", "b"}
	_, err = canonicalRequest(r, nil, []string{"host", "x-project-id"})
	assert.EqualError(t, err, "signed header x-project-id occurs 2 times")
}

func TestParseAuthorization(t *testing.T) {
	t.Parallel()
	const incomplete = "authorization must have Access, SignedHeaders and Signature"
	for header, want := range map[string]string{
		"Basic dTpw":      "authorization is not SDK-HMAC-SHA256",
		"SDK-HMAC-SHA256": "authorization is not SDK-HMAC-SHA256",
		"sdk-hmac-sha256 Access=a, SignedHeaders=host, Signature=0": "authorization is not SDK-HMAC-SHA256",

		"SDK-HMAC-SHA256 Access=a, SignedHeaders=host":                         incomplete,
		"SDK-HMAC-SHA256 Access=a, SignedHeaders=, Signature=0":                incomplete,
		"SDK-HMAC-SHA256 Access=a, SignedHeaders=host, Signature=0, More=1":    incomplete,
		"SDK-HMAC-SHA256 Access=a, SignedHeaders=a;b, Signature=0, Access=b":   incomplete,
		"SDK-HMAC-SHA256 Access=a,SignedHeaders=host;x-sdk-date,Signature=0":   "",
		"SDK-HMAC-SHA256 Signature=0, SignedHeaders=host;x-sdk-date, Access=a": "",
	} {
		_, err := parseAuthorization(header)
		if want == "" {
			assert.NoError(t, err, header)
		} else {
			assert.EqualError(t, err, want, header)
		}
	}
}

func TestSignedHeadersAreChecked(t *testing.T) {
	t.Parallel()
	for names, want := range map[string]string{
		"Host;x-sdk-date":              "signed header Host is not lower case",
		"x-sdk-date;host":              "signed headers are not sorted: x-sdk-date;host",
		"host;host":                    "signed headers are not sorted: host;host",
		"host;x-sdk-date;x_not_signed": "header x_not_signed cannot be signed",
	} {
		_, err := parseAuthorization("SDK-HMAC-SHA256 Access=a, SignedHeaders=" + names + ", Signature=0")
		assert.EqualError(t, err, want, names)
	}
}
