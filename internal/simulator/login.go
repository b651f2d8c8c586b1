package simulator

import (
	"crypto/subtle"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	dateFormat = "20060102T150405Z" // of X-Sdk-Date, in UTC
	maxSkew    = 15 * time.Minute
)

// refused is the gateway's answer to a login it does not believe.
func refused(format string, args ...any) *Answer {
	return Fault(http.StatusUnauthorized, "APIGW.0301", "Incorrect IAM authentication information: "+fmt.Sprintf(format, args...))
}

// login returns nil if the request comes with a good signature or token, else the refusal.
// A request with both is judged by its signature.
func (s *Server) login(c *call) *Answer {
	authorization, token := c.request.Header.Get("Authorization"), c.request.Header.Get("X-Auth-Token")
	switch {
	case authorization != "":
		return s.checkSignature(c, authorization)
	case token == "":
		return refused("x-auth-token not found")
	case !slices.ContainsFunc(s.cloud.Tokens, func(known string) bool { return equal(known, token) }):
		return refused("decrypt token fail")
	}
	return nil
}

// checkSignature asks what the signature covers, whether it is fresh and whose it is, before it computes anything.
func (s *Server) checkSignature(c *call, authorization string) *Answer {
	sig, err := parseAuthorization(authorization)
	if err != nil {
		return refused("%v", err)
	}
	for _, name := range s.mustBeSigned(c.request.Header) {
		if !slices.Contains(sig.signed, name) {
			return refused("header %s must be signed", name)
		}
	}
	if refusal := checkDate(c.request.Header.Get("X-Sdk-Date"), c.now); refusal != nil {
		return refusal
	}
	secret, known := s.cloud.Keys[sig.accessKey]
	if !known {
		return refused("Get secretKey failed,ak:%s,err:ak not exist", sig.accessKey)
	}
	// Both ways: a temporary key needs its token, and a permanent one has none.
	if !equal(s.cloud.SecurityTokens[sig.accessKey], c.request.Header.Get("X-Security-Token")) {
		return refused("verify security token fail")
	}
	canonical, err := canonicalRequest(c.request, c.body, sig.signed)
	if err != nil {
		return refused("%v", err)
	}
	if !equal(sign(canonical, c.request.Header.Get("X-Sdk-Date"), secret), sig.value) {
		// The real gateway says what it made of the request, in this form, with the security token if there is one.
		return refused("verify aksk signature fail, canonicalRequest:%s", strings.ReplaceAll(canonical, "\n", "|"))
	}
	return nil
}

// mustBeSigned lists the headers that mean something to the cloud: unsigned, anyone on the way could change them.
func (s *Server) mustBeSigned(header http.Header) []string {
	names := []string{"x-sdk-date"}
	if !s.cloud.UnsignedHost {
		names = append(names, "host")
	}
	for _, name := range []string{"x-security-token", "x-project-id"} {
		if header.Get(name) != "" {
			names = append(names, name)
		}
	}
	return names
}

func checkDate(date string, now time.Time) *Answer {
	signed, err := time.Parse(dateFormat, date)
	if err != nil {
		return refused("x-sdk-date %q is not of the form YYYYMMDDTHHMMSSZ", date)
	}
	if now.Sub(signed).Abs() > maxSkew {
		return refused("signature expired, signature time:%s,server time:%s", date, now.UTC().Format(dateFormat))
	}
	return nil
}

// equal compares in constant time.
func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
