package simulator

import (
	"cmp"
	"crypto/rand"
	"slices"
	"sync"
	"time"
)

// ledger records what the server has issued.
type ledger struct {
	mu         sync.Mutex
	secrets    []string             // all ever issued, in order
	tokens     map[string]grant     // IAM tokens
	keys       map[string]accessKey // temporary keys, by access key
	sessions   map[string]time.Time // expiry of metadata tokens
	idTokenKey []byte               // key that ID tokens are signed with
}

// grant is what an IAM token gives access to.
type grant struct {
	scope   scope
	expires time.Time
}

// accessKey is an access key with its secrets. If expires is zero, it never expires.
type accessKey struct {
	access, secret, securityToken string
	expires                       time.Time
}

func (k accessKey) expired(now time.Time) bool { return !k.expires.IsZero() && !now.Before(k.expires) }

// Revoke invalidates everything that the server has issued so far, including ID tokens and metadata
// tokens. DMS responds to revoked tokens and keys with 401 APIGW.0301, as if they had never been issued.
func (s *Server) Revoke() {
	l := &s.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tokens, l.keys, l.sessions = map[string]grant{}, map[string]accessKey{}, map[string]time.Time{}
	l.idTokenKey = []byte(rand.Text())
}

// Issued returns every secret that the server has issued so far, in order, including expired and revoked
// ones: IAM tokens, secret keys, security tokens, ID tokens and metadata tokens. No two are the same.
// Access keys are not secrets.
func (s *Server) Issued() []string {
	s.ledger.mu.Lock()
	defer s.ledger.mu.Unlock()
	return slices.Clone(s.ledger.secrets)
}

// expiry returns when something that is issued now expires. Simulator.Lifetime overrides lifetime.
func (s *Server) expiry(now time.Time, lifetime time.Duration) time.Time {
	return now.Add(cmp.Or(s.cloud.Lifetime, lifetime))
}

// issueToken returns a new IAM token. Like real ones, it is not URL-safe.
func (s *Server) issueToken(g grant) string {
	token := "simtoken-" + rand.Text() + "+/" + rand.Text() + "=="
	l := &s.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tokens[token] = g
	l.secrets = append(l.secrets, token)
	return token
}

// issueKeys returns new temporary keys. Access and secret key have the real lengths, 20 and 40.
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

// issueSession returns a new token of the metadata service.
func (s *Server) issueSession(expires time.Time) string {
	session := "simmetadata-" + rand.Text()
	l := &s.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sessions[session] = expires
	l.secrets = append(l.secrets, session)
	return session
}

// token returns what an IAM token gives access to, and whether it is known.
func (l *ledger) token(token string) (grant, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	g, ok := l.tokens[token]
	return g, ok
}

// session reports whether a token of the metadata service is valid.
func (l *ledger) session(session string, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	expires, ok := l.sessions[session]
	return ok && now.Before(expires)
}

// key returns an access key, configured or issued, and whether it is known.
func (s *Server) key(access string) (accessKey, bool) {
	if secret, ok := s.cloud.Keys[access]; ok {
		return accessKey{access: access, secret: secret, securityToken: s.cloud.SecurityTokens[access]}, true
	}
	s.ledger.mu.Lock()
	defer s.ledger.mu.Unlock()
	key, ok := s.ledger.keys[access]
	return key, ok
}
