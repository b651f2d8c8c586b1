package simulator

import (
	"cmp"
	"crypto/rand"
	"slices"
	"sync"
	"time"
)

// ledger is what the server has issued, and still stands by.
type ledger struct {
	mu        sync.Mutex
	secrets   []string             // all there ever were, in order
	tokens    map[string]grant     // IAM's
	keys      map[string]accessKey // temporary ones, by access key
	sessions  map[string]time.Time // tokens of the metadata service, and when they expire
	idTokenBy []byte               // the key that ID tokens are signed with
}

// grant is what an IAM token is good for.
type grant struct {
	scope   scope
	expires time.Time
}

// accessKey is a key that can sign. Without expires it never ends.
type accessKey struct {
	access, secret, securityToken string
	expires                       time.Time
}

func (k accessKey) expired(now time.Time) bool { return !k.expires.IsZero() && !now.Before(k.expires) }

// Revoke makes all that the server has issued invalid at once, ID tokens and metadata tokens too, as if it had never
// been issued: tokens and keys are answered 401 APIGW.0301 by DMS. What is issued afterwards is good.
func (s *Server) Revoke() {
	l := &s.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tokens, l.keys, l.sessions = map[string]grant{}, map[string]accessKey{}, map[string]time.Time{}
	l.idTokenBy = []byte(rand.Text())
}

// Issued returns every secret that the server has given out so far, in order, expired and revoked ones too: IAM tokens,
// secret keys and security tokens, ID tokens, metadata tokens. No two are the same. Access keys are no secrets.
func (s *Server) Issued() []string {
	s.ledger.mu.Lock()
	defer s.ledger.mu.Unlock()
	return slices.Clone(s.ledger.secrets)
}

// expiry is after the lifetime the test wants, else after the one given.
func (s *Server) expiry(now time.Time, lifetime time.Duration) time.Time {
	return now.Add(cmp.Or(s.cloud.Lifetime, lifetime))
}

// issueToken returns a new IAM token. Like the real ones it is not URL-safe.
func (s *Server) issueToken(g grant) string {
	token := "simtoken-" + rand.Text() + "+/" + rand.Text() + "=="
	l := &s.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tokens[token] = g
	l.secrets = append(l.secrets, token)
	return token
}

// issueKeys returns new temporary keys. Access and secret key have the cloud's lengths, 20 and 40.
func (s *Server) issueKeys(expires time.Time) accessKey {
	key := accessKey{
		access:        "HSTSIM" + rand.Text()[:14],
		secret:        "simsecret" + (rand.Text() + rand.Text())[:31],
		securityToken: "simsecurity/" + rand.Text() + "+" + rand.Text() + "==",
		expires:       expires,
	}
	l := &s.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	l.keys[key.access] = key
	l.secrets = append(l.secrets, key.secret, key.securityToken)
	return key
}

func (s *Server) issueSession(expires time.Time) string {
	session := "simmetadata-" + rand.Text()
	l := &s.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sessions[session] = expires
	l.secrets = append(l.secrets, session)
	return session
}

func (l *ledger) token(token string) (grant, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	g, ok := l.tokens[token]
	return g, ok
}

// session tells whether a token of the metadata service is good.
func (l *ledger) session(session string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	expires, ok := l.sessions[session]
	return ok && now.Before(expires)
}

// key returns an access key the cloud knows: one of the script's, or one it has issued.
func (s *Server) key(access string) (accessKey, bool) {
	if secret, ok := s.cloud.Keys[access]; ok {
		return accessKey{access: access, secret: secret, securityToken: s.cloud.SecurityTokens[access]}, true
	}
	s.ledger.mu.Lock()
	defer s.ledger.mu.Unlock()
	key, ok := s.ledger.keys[access]
	return key, ok
}
