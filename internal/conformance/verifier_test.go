package conformance

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/credential"
)

const (
	project  = "0123456789abcdef0123456789abcdef"
	instance = "11111111-2222-3333-4444-555555555555"
	task     = "ff80808272dcc90f0172df1e490f41b0"
)

// bodies are the verifier's responses to valid requests, by path.
var bodies = map[string]string{
	"/v2/" + project + "/instances/" + instance + "/tasks":                       `{"task_count":"1","tasks":[{"id":"` + task + `"}]}`,
	"/v2/" + project + "/instances/" + instance + "/tasks/" + task:               `{"task_count":"1","tasks":[{"id":"` + task + `"}]}`,
	"/v2/" + project + "/instances/" + instance + "/tasks/" + task + "/progress": `{"progress_percentage":42}`,
	"/v3/projects": `{"projects":[{"id":"` + project + `","name":"cn-north-4_a b+c"}]}`,
}

// startVerifier serves requests whose signature is the one that the SDK computes for what was received.
func startVerifier(t *testing.T, keys credential.Keys) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		authorization := r.Header.Get("Authorization")
		_, rest, _ := strings.Cut(authorization, "SignedHeaders=")
		names, _, _ := strings.Cut(rest, ",")
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)

		got := signable{Method: r.Method, Path: r.URL.Path, Query: r.URL.Query(), Headers: map[string]string{"Host": r.Host}, Body: string(body)}
		for name := range strings.SplitSeq(names, ";") {
			if name = http.CanonicalHeaderKey(name); name != "Host" {
				got.Headers[name] = r.Header.Get(name)
			}
		}
		if authorization != got.bySDK(t, keys.AccessKey, keys.SecretKey) || got.Headers["X-Security-Token"] != keys.SecurityToken {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, err = io.WriteString(w, bodies[r.URL.Path])
		assert.NoError(t, err)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// calls are all requests that we sign.
var calls = map[string]func(ctx context.Context, endpoint string, transport http.RoundTripper) error{
	"task": func(ctx context.Context, endpoint string, transport http.RoundTripper) error {
		_, err := ourClient(endpoint, project, transport).Task(ctx, instance, task)
		return err
	},
	"tasks": func(ctx context.Context, endpoint string, transport http.RoundTripper) error {
		_, err := ourClient(endpoint, project, transport).Tasks(ctx, instance)
		return err
	},
	"progress": func(ctx context.Context, endpoint string, transport http.RoundTripper) error {
		_, err := ourClient(endpoint, project, transport).Progress(ctx, instance, task)
		return err
	},
	"project": func(ctx context.Context, endpoint string, transport http.RoundTripper) error {
		iam := credential.IAM{
			Exchange:  credential.Exchange{Transport: transport, Timeout: time.Minute},
			Endpoints: []string{endpoint},
		}
		_, err := iam.Project(ctx, "cn-north-4_a b+c")
		return err
	},
}

func ourClient(endpoint, projectID string, transport http.RoundTripper) *client.Client {
	return &client.Client{
		Endpoint:  endpoint,
		ProjectID: projectID,
		UserAgent: "dmswait/test",
		Timeout:   time.Minute,
		Transport: transport,
	}
}

// withKeys returns a transport that signs with keys.
func withKeys(base http.RoundTripper, keys credential.Keys) *credential.Transport {
	return &credential.Transport{Base: base, Login: func(context.Context) (credential.Credentials, error) {
		return credential.Credentials{Keys: keys}, nil
	}}
}

var (
	permanent = credential.Keys{AccessKey: "FAKEAK", SecretKey: "FAKESK"}
	temporary = credential.Keys{AccessKey: "FAKEAK", SecretKey: "FAKESK", SecurityToken: "FAKE+SECURITY/TOKEN=="}
)

func TestSDKSignerConfirmsOurRequests(t *testing.T) {
	t.Parallel()
	for _, keys := range []credential.Keys{permanent, temporary} {
		endpoint := startVerifier(t, keys)
		for name, call := range calls {
			err := call(t.Context(), endpoint, withKeys(http.DefaultTransport, keys))
			assert.NoError(t, err, "%s with %+v", name, keys)
		}
	}
}

func TestSDKSignerRefusesOtherKeys(t *testing.T) {
	t.Parallel()
	endpoint := startVerifier(t, temporary)
	for _, keys := range []credential.Keys{
		{AccessKey: "FAKEAL", SecretKey: temporary.SecretKey, SecurityToken: temporary.SecurityToken},
		{AccessKey: temporary.AccessKey, SecretKey: "FAKESL", SecurityToken: temporary.SecurityToken},
		{AccessKey: temporary.AccessKey, SecretKey: temporary.SecretKey, SecurityToken: "OTHER"},
		{AccessKey: temporary.AccessKey, SecretKey: temporary.SecretKey},
	} {
		for name, call := range calls {
			err := call(t.Context(), endpoint, withKeys(http.DefaultTransport, keys))
			requireDenied(t, err, "%s with %+v", name, keys)
		}
	}
}

func TestSDKSignerRefusesModifiedRequests(t *testing.T) {
	t.Parallel()
	endpoint := startVerifier(t, temporary)
	for what, change := range map[string]func(*http.Request){
		"method":         func(r *http.Request) { r.Method = http.MethodDelete },
		"path":           func(r *http.Request) { r.URL.Path += "/x" },
		"query":          func(r *http.Request) { r.URL.RawQuery += "&limit=1" },
		"host":           func(r *http.Request) { r.Host = "dms.test" },
		"project":        func(r *http.Request) { r.Header.Set("X-Project-Id", "other") },
		"date":           func(r *http.Request) { r.Header.Set("X-Sdk-Date", "20260102T030405Z") },
		"security token": func(r *http.Request) { r.Header.Set("X-Security-Token", "OTHER") },
	} {
		modify := roundTripper(func(r *http.Request) (*http.Response, error) {
			change(r)
			return http.DefaultTransport.RoundTrip(r)
		})
		err := calls["task"](t.Context(), endpoint, withKeys(modify, temporary))
		requireDenied(t, err, what)
	}
}

func requireDenied(t *testing.T, err error, about ...any) {
	t.Helper()
	var refusal *client.Error
	require.ErrorAs(t, err, &refusal, about...)
	require.True(t, refusal.Denied(), about...)
}
