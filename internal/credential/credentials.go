package credential

import (
	"time"

	"github.com/dmswait/dmswait/internal/client"
)

// Keys are an access key (AK) and its secret key (SK), with the security token that temporary keys require.
type Keys struct{ AccessKey, SecretKey, SecurityToken string }

// Credentials authenticate requests: a token where there is one, otherwise keys.
type Credentials struct {
	Keys
	Token     string    // an IAM token, for X-Auth-Token
	ProjectID string    // the project that Token is for; empty when that is not known
	Expires   time.Time // by the local clock; zero when that is not known
}

// usable reports whether there are credentials at all.
func (c *Credentials) usable() bool { return c.Token != "" || c.AccessKey != "" }

// same reports whether two credentials are equal to the service, whatever is known of their end.
func (c *Credentials) same(other *Credentials) bool {
	return c.Keys == other.Keys && c.Token == other.Token
}

// decodeKeys reads temporary keys in the form of IAM and of the ECS metadata service.
func decodeKeys(r *reply) (Credentials, error) {
	return temporary(r, "credential", "access", "secret", "securitytoken", "expires_at")
}

// temporary returns temporary keys, or an error where the response lacks a part of them. They are members, with these
// names, of the object that is a member of the response.
func temporary(r *reply, object, accessKey, secretKey, securityToken, expires string) (Credentials, error) {
	keys, err := r.texts(object, accessKey, secretKey, securityToken, expires)
	if err != nil {
		return Credentials{}, err
	}
	if keys[0] == "" || keys[1] == "" || keys[2] == "" {
		return Credentials{}, r.malformed()
	}
	return Credentials{
		Keys:    Keys{AccessKey: keys[0], SecretKey: keys[1], SecurityToken: keys[2]},
		Expires: expiry(keys[3], &r.Response),
	}, nil
}

// expiry converts a time of the server's clock, as it is in a body, to one of the local clock; zero: it
// cannot be read.
func expiry(text string, response *client.Response) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	server := response.ReceivedAt
	if !response.ServerTime.IsZero() {
		// Date has whole seconds; round so that keys seem to expire early, not late.
		server = response.ServerTime.Add(time.Second)
	}
	return response.ReceivedAt.Add(at.Sub(server))
}
