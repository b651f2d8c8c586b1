package credential

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
)

// TestRefusedLoginHasAServiceAndAHint has a row for each entry of logins.
func TestRefusedLoginHasAServiceAndAHint(t *testing.T) {
	t.Parallel()
	const (
		forProvider = "compare idp_id with the console, and the token's issuer, audience and subject " +
			"with the provider's conversion rules"
		forECS   = "check the agency of this ECS"
		noClaims = "the ID token is not a JWT whose claims can be read"
	)
	want := map[string]struct{ service, hint string }{
		"agency": {"STS", "compare provider_urn, agency_urn and oidc_audience with the console, " +
			"and the token's subject with oidc:sub in the trust policy"},
		"identity provider":             {"IAM", forProvider},
		"keys of the identity provider": {"IAM", forProvider},
		"password": {"IAM", "check username, password and domain_name (the account), " +
			"and that the user may log in programmatically"},
		"metadata":           {"the metadata service", forECS},
		"token for metadata": {"the metadata service", forECS},
		"project":            {"IAM", "set project_id, or grant the permission iam:projects:listProjects"},
		"pod identity": {"the pod identity agent", "check in the CCE console that the pod's service account is " +
			"associated with an agency"},
		"ID token of Actions": {"GitHub Actions", "the job needs permissions: { id-token: write, contents: read }"},
	}
	for name, login := range logins {
		require.Contains(t, want, name)
		for _, status := range []int{400, 401, 403} {
			want := want[name]
			if name == "project" && status == http.StatusUnauthorized {
				want.hint = "" // about the credentials, which have a hint of their own
			}
			var e *Error
			require.ErrorAs(t, login(&service{responses: []any{scripted{status: status}}})(t.Context()), &e)
			expected := Error{Request: e.Request, Service: want.service, Hint: want.hint}
			if name == "agency" || name == "identity provider" {
				expected.Detail = noClaims
			}
			assert.Equal(t, expected, *e, "%s, %d", name, status)
		}
		for _, outage := range []any{scripted{status: 503}, scripted{status: 429}, errors.New("connection refused")} {
			s, answered := outage.(scripted)
			if name == "token for metadata" && s.status == 503 || want[name].hint == forECS && !answered {
				continue // version 1 of the service; no ECS
			}
			var e *Error
			require.ErrorAs(t, login(&service{responses: []any{outage}})(t.Context()), &e)
			assert.Equal(t, Error{Request: e.Request, Service: want[name].service}, *e, "%s, %v", name, outage)
		}
	}
}

// What no retry can help says so itself, and needs no hint.
func TestImpossibleLoginHasAReason(t *testing.T) {
	t.Parallel()
	actions := func(url string) error {
		_, err := (&ActionsToken{Exchange: (&service{}).exchange(), RequestURL: url}).Get(t.Context())
		return err
	}
	file := func(path string) error {
		_, err := FileToken("ID token", path)(t.Context())
		return err
	}
	empty := filepath.Join(t.TempDir(), "empty")
	write(t, empty, "\n")
	none := scripted{status: 404, body: "Please configure Cloud Service Agency first."}
	noAgency := &service{responses: []any{ok("token"), none}}
	badEndpoint := Agency{Exchange: (&service{}).exchange(), Endpoint: "://", IDToken: GivenToken("id")}
	for _, test := range []struct {
		err             error
		service, reason string
	}{
		{actions("nowhere"), "GitHub Actions", "ACTIONS_ID_TOKEN_REQUEST_URL is not a URL"},
		{file(filepath.Join(t.TempDir(), "none")), "the ID token's file", "the ID token's file cannot be read"},
		{file(empty), "the ID token's file", "the ID token's file is empty"},
		{discard(new(noAgency.metadata()).Get)(t.Context()), "the metadata service", "this ECS has no agency"},
		{discard(badEndpoint.Get)(t.Context()), "STS", "the URL is invalid"},
	} {
		var e *Error
		require.ErrorAs(t, test.err, &e)
		assert.Equal(t, Error{Request: e.Request, Service: test.service, Reason: test.reason}, *e)
		assert.True(t, e.Request.Rejected(), test.reason)
	}
}

func TestErrorWrapsTheFailedRequest(t *testing.T) {
	t.Parallel()
	request := &client.Error{Op: "log in", Response: client.Response{StatusCode: http.StatusForbidden}}
	err := error(&Error{Request: request, Service: "IAM"})
	assert.EqualError(t, err, "log in: 403 Forbidden")
	var e *client.Error
	require.ErrorAs(t, err, &e)
	assert.Same(t, request, e)

	reset := errors.New("connection reset")
	_, err = (&Agency{
		Exchange: (&service{responses: []any{reset}}).exchange(),
		Endpoint: "https://sts.test",
		IDToken:  func(context.Context) (string, error) { return "id", nil },
	}).Get(t.Context())
	assert.ErrorIs(t, err, reset)
}

func TestOnlyServicesOfTheCloudAreExpectedToRespondAsTheCloudDoes(t *testing.T) {
	t.Parallel()
	for name, foreign := range map[string]bool{
		"IAM": true, "STS": true, "GitHub Actions": false, "the metadata service": false,
	} {
		page := &service{responses: []any{scripted{403, nil, "<html>"}}}
		_, err := new(page.exchange()).send(t.Context(), &call{service: name, op: "log in", method: http.MethodGet, url: "https://x.test"})
		assert.Equal(t, foreign, loginError(t, err).Foreign, name)
		assert.True(t, loginError(t, err).Denied(), name)
	}
}
