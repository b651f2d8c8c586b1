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

// idTokenLifetime is GitHub's.
const idTokenLifetime = 5 * time.Minute

// claims are what an ID token says: who made it, for whom, of whom, until when. Times are seconds since 1970.
type claims struct {
	Issuer   string `json:"iss"`
	Audience string `json:"aud"`
	Subject  string `json:"sub"`
	ID       string `json:"jti"`
	IssuedAt int64  `json:"iat"`
	Expires  int64  `json:"exp"`
}

// IDToken returns a new ID token for an audience, for tests that have it in a file or a variable. It is good, here
// alone, for lifetime by the cloud's clock, in whole seconds; from 0 down it is expired already.
// Unlike the real ones it is signed with a secret: only who has issued it can check it.
func (s *Server) IDToken(audience string, lifetime time.Duration) string {
	now := s.cloud.Clock()
	head := segment(map[string]string{"alg": "HS256", "typ": "JWT"})
	body := segment(claims{
		Issuer:   s.URL + "/actions",
		Audience: audience,
		Subject:  "repo:dmswait/simulator:ref:refs/heads/main",
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

// checkIDToken returns what a token says, if this server has issued it and it is still good.
func (s *Server) checkIDToken(token string, now time.Time) (claims, error) {
	var said claims
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return said, fmt.Errorf("id token has %d parts, not 3", len(parts))
	}
	s.ledger.mu.Lock()
	signature := s.ledger.signIDToken(parts[0] + "." + parts[1])
	s.ledger.mu.Unlock()
	if !equal(signature, parts[2]) {
		return said, errors.New("id token has a bad signature")
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err == nil {
		err = json.Unmarshal(body, &said)
	}
	if err != nil {
		return said, fmt.Errorf("read id token: %w", err)
	}
	if now.Unix() >= said.Expires {
		return said, fmt.Errorf("id token expired at %s", timestamp(time.Unix(said.Expires, 0)))
	}
	return said, nil
}

// signIDToken needs the lock.
func (l *ledger) signIDToken(text string) string {
	mac := hmac.New(sha256.New, l.idTokenBy)
	mac.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func segment(value any) string { return base64.RawURLEncoding.EncodeToString([]byte(compact(value))) }
