package simulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const algorithm = "SDK-HMAC-SHA256"

// signature is the content of an Authorization header.
type signature struct {
	accessKey string
	signed    []string // names of the signed headers
	value     string   // hex
}

// parseAuthorization parses "SDK-HMAC-SHA256 Access=…, SignedHeaders=a;b, Signature=…".
func parseAuthorization(header string) (signature, error) {
	list, ok := strings.CutPrefix(header, algorithm+" ")
	if !ok {
		return signature{}, fmt.Errorf("authorization is not %s", algorithm)
	}
	fields := map[string]string{}
	parts := strings.Split(list, ",")
	for _, part := range parts {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		fields[name] = value
	}
	if len(parts) != 3 || fields["Access"] == "" || fields["SignedHeaders"] == "" || fields["Signature"] == "" {
		return signature{}, errors.New("authorization must have Access, SignedHeaders and Signature")
	}
	signed := strings.Split(fields["SignedHeaders"], ";")
	return signature{fields["Access"], signed, fields["Signature"]}, checkSigned(signed)
}

// checkSigned returns an error unless the list of signed headers is sorted, lower case, and without the
// names that the algorithm cannot cover. Content-Type is accepted: the official SDK for Node.js signs it.
func checkSigned(names []string) error {
	for i, name := range names {
		switch {
		case name != strings.ToLower(name):
			return fmt.Errorf("signed header %s is not lower case", name)
		case i > 0 && names[i-1] >= name:
			return fmt.Errorf("signed headers are not sorted: %s", strings.Join(names, ";"))
		case strings.Contains(name, "_"):
			return fmt.Errorf("header %s cannot be signed", name)
		}
	}
	return nil
}

// sign returns the expected signature, in hex, of a canonical request with this X-Sdk-Date.
func sign(canonical, date, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(algorithm + "\n" + date + "\n" + hexSHA256([]byte(canonical))))
	return hex.EncodeToString(mac.Sum(nil))
}

// canonicalRequest returns the canonical form of a received request, which is what the client signed.
// It returns an error if a signed header is missing or repeated, if the query is malformed, or if the
// body hash is wrong.
func canonicalRequest(r *http.Request, body []byte, signed []string) (string, error) {
	query, err := canonicalQuery(r.URL.RawQuery)
	if err != nil {
		return "", err
	}
	headers, err := canonicalHeaders(r, signed)
	if err != nil {
		return "", err
	}
	hash, err := bodyHash(r.Header, body)
	if err != nil {
		return "", err
	}
	return strings.Join([]string{
		r.Method, canonicalPath(r.URL.Path), query, headers, strings.Join(signed, ";"), hash,
	}, "\n"), nil
}

// canonicalPath escapes the decoded path, because clients differ in what they escape on the wire.
func canonicalPath(decoded string) string {
	segments := strings.Split(decoded, "/")
	for i, segment := range segments {
		segments[i] = escape(segment)
	}
	path := strings.Join(segments, "/")
	if !strings.HasSuffix(path, "/") {
		path += "/"
	}
	return path
}

func canonicalQuery(raw string) (string, error) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return "", fmt.Errorf("parse query: %w", err)
	}
	keys := make([]string, 0, len(values))
	for key := range values {
		keys = append(keys, key)
	}
	slices.Sort(keys)

	var pairs []string
	for _, key := range keys {
		slices.Sort(values[key])
		for _, value := range values[key] {
			pairs = append(pairs, escape(key)+"="+escape(value))
		}
	}
	return strings.Join(pairs, "&"), nil
}

func canonicalHeaders(r *http.Request, signed []string) (string, error) {
	var lines strings.Builder
	for _, name := range signed {
		values := r.Header.Values(name)
		if name == "host" { // net/http removes it from Header
			values = []string{r.Host}
		}
		if len(values) != 1 {
			return "", fmt.Errorf("signed header %s occurs %d times", name, len(values))
		}
		fmt.Fprintf(&lines, "%s:%s\n", name, strings.TrimSpace(values[0]))
	}
	return lines.String(), nil
}

// bodyHash returns the hash of the body, or the value of X-Sdk-Content-Sha256 that excludes the body from
// the signature.
func bodyHash(header http.Header, body []byte) (string, error) {
	actual := hexSHA256(body)
	switch claimed := header.Get("X-Sdk-Content-Sha256"); claimed {
	case "", actual:
		return actual, nil
	case "UNSIGNED-PAYLOAD":
		return claimed, nil
	default:
		return "", fmt.Errorf("x-sdk-content-sha256 is %s, but the hash of the body is %s", claimed, actual)
	}
}

func hexSHA256(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// escape percent-encodes everything but the unreserved characters of RFC 3986. In the standard library,
// url.PathEscape escapes less, and url.QueryEscape turns a space into a plus.
func escape(s string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			strings.IndexByte("-_.~", c) >= 0:
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}
