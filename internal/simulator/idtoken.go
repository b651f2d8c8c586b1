package simulator

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// idTokenLifetime is that of GitHub's ID tokens.
const idTokenLifetime = 5 * time.Minute

// claims are the claims of an ID token. Times are in seconds since 1970.
type claims struct {
	Issuer   string `json:"iss"`
	Audience string `json:"aud"`
	Subject  string `json:"sub"`
	ID       string `json:"jti"`
	IssuedAt int64  `json:"iat"`
	Expires  int64  `json:"exp"`
}

// IDToken returns a new ID token for an audience, as a test puts it into a file or a variable. It
// expires after lifetime by the cloud's clock, in whole seconds; if that is not positive, it has expired
// already. Unlike real ones, it is signed with a secret key, so only this server can verify it.
func (s *Server) IDToken(audience string, lifetime time.Duration) string {
	now := s.cloud.Clock()
	head := segment(map[string]string{"alg": "HS256", "typ": "JWT"})
	body := segment(claims{
		Issuer:   s.URL + "/actions",
		Audience: audience,
		Subject:  s.subject(),
		ID:       rand.Text(),
		IssuedAt: now.Unix(),
		Expires:  now.Add(lifetime).Unix(),
	})
	l := &s.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	token := head + "." + body + "." + l.signIDToken(head+"."+body)
	l.secrets = append(l.secrets, token)
	return token
}

// subject returns the subject of ID tokens, in the form that GitHub gives it.
func (s *Server) subject() string {
	if s.cloud.ImmutableSubject {
		return "repo:dmswait@1000001/simulator@2000002:ref:refs/heads/main"
	}
	return "repo:dmswait/simulator:ref:refs/heads/main"
}

// verifyIDToken returns the claims of a token. It returns an error unless this server has issued the
// token and it has not expired.
func (s *Server) verifyIDToken(token string, now time.Time) (claims, error) {
	var c claims
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return c, fmt.Errorf("id token has %d parts, not 3", len(parts))
	}
	s.ledger.mu.Lock()
	signature := s.ledger.signIDToken(parts[0] + "." + parts[1])
	s.ledger.mu.Unlock()
	if !equal(signature, parts[2]) {
		return c, errors.New("id token has a bad signature")
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err == nil {
		err = json.Unmarshal(body, &c)
	}
	if err != nil {
		return c, fmt.Errorf("read id token: %w", err)
	}
	if now.Unix() >= c.Expires {
		return c, fmt.Errorf("id token expired at %s", formatTime(time.Unix(c.Expires, 0)))
	}
	return c, nil
}

// signIDToken must be called with l.mu held.
func (l *ledger) signIDToken(text string) string {
	mac := hmac.New(sha256.New, l.idTokenKey)
	mac.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func segment(value any) string {
	return base64.RawURLEncoding.EncodeToString([]byte(compactJSON(value)))
}
