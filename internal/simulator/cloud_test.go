package simulator_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
)

const (
	otherProject = "fedcba9876543210fedcba9876543210"
	providerURN  = "iam::acc0unt:oidcProvider:github"
	agencyURN    = "iam::acc0unt:agency:waiter"
)

// fullCloud returns a cloud that supports every login method.
func fullCloud(clock func() time.Time) simulator.Simulator {
	return simulator.Simulator{
		Clock: clock,
		Projects: []simulator.Project{{ID: simulator.DefaultProjectID, Name: "cn-north-4"},
			{ID: otherProject, Name: "cn-north-4_prod"}},
		Users:             []simulator.User{{Name: "u", Password: "p", Domain: "d"}},
		Agencies:          []simulator.Agency{{ProviderURN: providerURN, AgencyURN: agencyURN}},
		IdentityProviders: []string{"idp"},
		ActionsToken:      "jobt0ken",
		PodToken:          "podt0ken",
		Metadata:          simulator.Metadata{Agency: true},
	}
}

// post sends JSON without a login. headers are pairs of name and value; an empty value removes the header.
func post(t *testing.T, server *simulator.Server, path, body string, headers ...string) (*http.Response,
	string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
		if headers[i+1] == "" {
			r.Header.Del(headers[i])
		}
	}
	return do(t, client(t), r)
}

// issuedKeys are temporary keys, decoded from one of the services' two formats.
type issuedKeys struct {
	Access, Secret, SecurityToken, Expires string
}

func readCredential(t *testing.T, text string) issuedKeys {
	t.Helper()
	var body struct {
		Credential struct {
			Access        string
			Secret        string
			SecurityToken string
			Expires       string `json:"expires_at"`
		}
	}
	require.NoError(t, json.Unmarshal([]byte(text), &body), text)
	return issuedKeys(body.Credential)
}

func readCredentials(t *testing.T, text string) issuedKeys {
	t.Helper()
	var body struct {
		Credentials struct {
			Access        string `json:"access_key_id"`
			Secret        string `json:"secret_access_key"`
			SecurityToken string `json:"security_token"`
			Expires       string `json:"expiration"`
		}
	}
	require.NoError(t, json.Unmarshal([]byte(text), &body), text)
	return issuedKeys(body.Credentials)
}

// getSigned sends a GET signed with the keys, including their security token if they have one.
func getSigned(t *testing.T, server *simulator.Server, path, date string, keys issuedKeys) (int, string) {
	t.Helper()
	r := newRequest(t, t.Context(), server.URL+path, "X-Auth-Token", "", "X-Sdk-Date", date)
	names := "host;x-sdk-date"
	if keys.SecurityToken != "" {
		r.Header.Set("X-Security-Token", keys.SecurityToken)
		names += ";x-security-token"
	}
	require.NoError(t, simulator.Sign(r, keys.Access, keys.Secret, names))
	response, body := do(t, client(t), r)
	return response.StatusCode, body
}

// The APIs that issue tokens and keys. If they have a parameter for the lifetime, it is an hour.
var (
	tokenIssuers = map[string]func(*testing.T, *simulator.Server, string) *http.Response{
		"password": func(t *testing.T, s *simulator.Server, project string) *http.Response {
			response, _ := post(t, s, "/v3/auth/tokens",
				passwordBody("u", "p", "d", `{"project":{"id":"`+project+`"}}`))
			return response
		},
		"identity provider": func(t *testing.T, s *simulator.Server, project string) *http.Response {
			body := `{"auth":{"id_token":{"id":"` + s.IDToken("any", time.Minute) +
				`"},"scope":{"project":{"id":"` + project + `"}}}}`
			response, _ := post(t, s, "/v3.0/OS-AUTH/id-token/tokens", body, "X-Idp-Id", "idp")
			return response
		},
	}
	keyIssuers = map[string]func(*testing.T, *simulator.Server) issuedKeys{
		"STS": func(t *testing.T, s *simulator.Server) issuedKeys {
			_, body := post(t, s, "/v5/agencies/assume-with-oidc",
				assumeBody(s.IDToken(simulator.DefaultAudience, time.Minute), "3600"))
			return readCredentials(t, body)
		},
		"identity provider": func(t *testing.T, s *simulator.Server) issuedKeys {
			response, _ := post(t, s, "/v3.0/OS-AUTH/id-token/tokens",
				`{"auth":{"id_token":{"id":"`+s.IDToken("any", time.Minute)+`"}}}`, "X-Idp-Id", "idp")
			_, body := post(t, s, "/v3.0/OS-CREDENTIAL/securitytokens",
				keysBody(response.Header.Get("X-Subject-Token"), "3600"))
			return readCredential(t, body)
		},
		"metadata": func(t *testing.T, s *simulator.Server) issuedKeys {
			_, body := get(t, s, "/openstack/latest/securitykey")
			return readCredential(t, body)
		},
	}
)
