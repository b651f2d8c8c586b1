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

// denial is why a login is rejected, with the gateway's code.
type denial struct{ code, reason string }

func deny(format string, args ...any) *denial {
	return &denial{"APIGW.0301", "Incorrect IAM authentication information: " + fmt.Sprintf(format, args...)}
}

// response returns the error of the gateway, which checks logins for every service except IAM.
func (d *denial) response() *Response { return Fault(http.StatusUnauthorized, d.code, d.reason) }

// scope is the id of the project that a login gives access to, everyProject, or "" for an unscoped token.
type scope string

const everyProject scope = "*"

func (s scope) covers(project string) bool {
	return s == everyProject || strings.EqualFold(string(s), project)
}

// authenticate returns what the signature or token of a request gives access to, or why it is rejected.
// If a request has both, only the signature counts.
func (s *Server) authenticate(c *call) (scope, *denial) {
	authorization, token := c.request.Header.Get("Authorization"), c.request.Header.Get("X-Auth-Token")
	switch {
	case authorization != "":
		return everyProject, s.checkSignature(c, authorization)
	case token == "":
		return "", deny("x-auth-token not found")
	}
	return s.checkToken(token, c.now)
}

func (s *Server) checkToken(token string, now time.Time) (scope, *denial) {
	if slices.ContainsFunc(s.cloud.Tokens, func(known string) bool { return equal(known, token) }) {
		return everyProject, nil
	}
	grant, issued := s.ledger.token(token)
	switch {
	case !issued:
		return "", deny("decrypt token fail")
	case !now.Before(grant.expires):
		return "", &denial{"APIGW.0307", "The token must be updated."}
	}
	return grant.scope, nil
}

// checkSignature returns why a signature is rejected, or nil.
func (s *Server) checkSignature(c *call, authorization string) *denial {
	sig, err := parseAuthorization(authorization)
	if err != nil {
		return deny("%v", err)
	}
	for _, name := range s.mustBeSigned(c.request.Header) {
		if !slices.Contains(sig.signed, name) {
			return deny("header %s must be signed", name)
		}
	}
	if denied := checkDate(c.request.Header.Get("X-Sdk-Date"), c.now); denied != nil {
		return denied
	}
	key, known := s.key(sig.accessKey)
	switch {
	case !known:
		return deny("Get secretKey failed,ak:%s,err:ak not exist", sig.accessKey)
	// A temporary key needs its token; a permanent one must not come with any.
	case !equal(key.securityToken, c.request.Header.Get("X-Security-Token")):
		return deny("verify security token fail")
	case key.expired(c.now):
		return deny("security token expired, expiration time:%s", key.expires.UTC().Format(dateFormat))
	}
	canonical, err := canonicalRequest(c.request, c.body, sig.signed)
	if err != nil {
		return deny("%v", err)
	}
	if !equal(sign(canonical, c.request.Header.Get("X-Sdk-Date"), key.secret), sig.value) {
		// The real gateway also returns its canonical request in this form, including any security token.
		return deny("verify aksk signature fail, canonicalRequest:%s", strings.ReplaceAll(canonical, "\n", "|"))
	}
	return nil
}

// mustBeSigned returns the headers that affect how the cloud handles the request. If they were not
// signed, they could be changed in transit.
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

func checkDate(date string, now time.Time) *denial {
	signed, err := time.Parse(dateFormat, date)
	if err != nil {
		return deny("x-sdk-date %q is not of the form YYYYMMDDTHHMMSSZ", date)
	}
	if now.Sub(signed).Abs() > maxSkew {
		return deny("signature expired, signature time:%s,server time:%s", date, now.UTC().Format(dateFormat))
	}
	return nil
}

// equal reports whether a and b are equal, in constant time.
func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
