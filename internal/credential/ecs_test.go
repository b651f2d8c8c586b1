package credential

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const metadataKeys = `{"credential":{"access":"AK","secret":"SK","securitytoken":"ST",` +
	`"expires_at":"2000-01-01T06:00:00.000000Z"}}`

func (c *service) metadata() Metadata {
	return Metadata{Exchange: c.exchange(), Address: "http://metadata.test"}
}

func TestMetadataVersion2RequiresAToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &service{responses: []any{ok(" a-token\n"), ok(metadataKeys)}}
		creds, err := new(c.metadata()).Get(t.Context())
		require.NoError(t, err)
		assert.Equal(t, Keys{"AK", "SK", "ST"}, creds.Keys)
		assert.True(t, time.Now().Add(6*time.Hour).Equal(creds.Expires))
		assert.Equal(t, []sentRequest{
			{"PUT http://metadata.test/meta-data/latest/api/token", plainHeader("X-Metadata-Token-Ttl-Seconds", "21600"), ""},
			{"GET http://metadata.test/openstack/latest/securitykey", plainHeader("X-Metadata-Token", "a-token"), ""},
		}, c.requests)
	})
}

func TestMetadataVersion1HasNoToken(t *testing.T) {
	t.Parallel()
	for _, status := range []int{404, 405, 503} {
		c := &service{responses: []any{scripted{status: status}, ok(metadataKeys)}}
		creds, err := new(c.metadata()).Get(t.Context())
		require.NoError(t, err, status)
		assert.Equal(t, Keys{"AK", "SK", "ST"}, creds.Keys)
		assert.Equal(t, plainHeader(), c.requests[1].header, "no token, not even an empty one")
	}
}

func TestMetadataLoginEndsWithoutAToken(t *testing.T) {
	t.Parallel()
	for status, kind := range map[int]string{
		400: "rejected", 401: "denied", 403: "denied",
		429: "failing", 500: "failing", 502: "failing", 302: "failing", 200: "failing",
	} {
		c := &service{responses: []any{scripted{status: status}}}
		_, err := new(c.metadata()).Get(t.Context())
		e := loginError(t, err)
		got := map[bool]string{e.Rejected(): "rejected", e.Denied(): "denied", e.Failing(): "failing"}[true]
		assert.Equal(t, kind, got, status)
		assert.Len(t, c.requests, 1)
	}
}

func TestMetadataTokenThatIsNotAnsweredIsDoneWithout(t *testing.T) {
	t.Parallel()
	dropped := errors.New("no route to host") // by the hop limit
	c := &service{responses: []any{dropped, ok(metadataKeys)}}
	creds, err := new(c.metadata()).Get(t.Context())
	require.NoError(t, err)
	assert.Equal(t, Keys{"AK", "SK", "ST"}, creds.Keys)
	assert.Equal(t, plainHeader(), c.requests[1].header)

	c = &service{responses: []any{dropped, scripted{status: 401}}}
	_, err = new(c.metadata()).Get(t.Context())
	var e *Error
	require.ErrorAs(t, err, &e)
	assert.True(t, e.Request.Denied())
	assert.Contains(t, e.Hint, "in a container, use the network of the ECS")
}

func TestMachineWithoutMetadataServiceIsMostlyAMistake(t *testing.T) {
	t.Parallel()
	for _, responses := range [][]any{
		{errors.New("no route to host"), errors.New("no route to host")},
		{scripted{status: 404}, errors.New("connection refused")},
	} {
		c := &service{responses: responses}
		_, err := new(c.metadata()).Get(t.Context())
		e := loginError(t, err)
		assert.True(t, e.Failing() && e.Misconfigured(), "polled again, but not for long")
		var login *Error
		require.ErrorAs(t, err, &login)
		assert.Equal(t, "this is not an ECS, or a container without access to the metadata service", login.Reason)
		assert.Contains(t, login.Hint, "use ecs_metadata only on an ECS")
		assert.Len(t, c.requests, 2)
	}
	ctx, cancel := context.WithCancel(t.Context())
	c := &service{responses: []any{roundTripper(func(*http.Request) (*http.Response, error) {
		cancel()
		return nil, context.Canceled
	})}}
	_, err := new(c.metadata()).Get(ctx)
	assert.ErrorIs(t, err, context.Canceled)
	assert.Len(t, c.requests, 1, "the run has ended")
}

func TestECSWithoutAgencyIsFinalWhateverTheStatus(t *testing.T) {
	t.Parallel()
	const text = "Please configure Cloud Service Agency first."
	for _, status := range []int{200, 401, 403, 404, 429, 500, 503} {
		for _, body := range []string{text, `{"message":"` + text + `"}`, `{"error":{"message":"` + text + `"}}`} {
			c := &service{responses: []any{ok("token"), scripted{status: status, body: body}}}
			_, err := new(c.metadata()).Get(t.Context())
			e := loginError(t, err)
			assert.True(t, e.Rejected() && !e.Failing() && !e.Denied(), "%d %s", status, body)
			assert.ErrorContains(t, err, "this ECS has no agency: assign one, or use another login method")
		}
	}
}

// newECSLogin returns the login method as a run composes it, with the transport that it sends its requests through.
func newECSLogin(address string, wrap func(*http.Transport) http.RoundTripper) Login {
	return ecsAgency.New(&Setup{
		Values:          map[string]string{"ecs_metadata": "true"},
		Exchange:        Exchange{UserAgent: "dmswait/1.0.0", Timeout: time.Minute},
		MetadataAddress: address,
		Wrap:            wrap,
	})
}

func TestMetadataRequestsBypassProxiesAndTakeAtMost3Seconds(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "http://169.254.169.254", MetadataAddress)
	synctest.Test(t, func(t *testing.T) {
		login := newECSLogin(MetadataAddress, func(base *http.Transport) http.RoundTripper {
			assert.Nil(t, base.Proxy)
			return roundTripper(func(req *http.Request) (*http.Response, error) {
				assert.Equal(t, "169.254.169.254", req.URL.Host)
				assert.Equal(t, "dmswait/1.0.0", req.Header.Get("User-Agent"))
				<-req.Context().Done()
				return nil, req.Context().Err()
			})
		})
		start := time.Now()
		_, err := login(t.Context())
		assert.EqualError(t, err, "get keys from the metadata service: no response within 3s")
		assert.Equal(t, 6*time.Second, time.Since(start), "twice, whatever request_timeout is")
	})
}

func TestMetadataLoginWorksOverTheNetwork(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			assert.Zero(t, r.ContentLength)
			w.Write([]byte("a-token"))
			return
		}
		assert.Equal(t, "a-token", r.Header.Get("X-Metadata-Token"))
		w.Write([]byte(metadataKeys))
	}))
	t.Cleanup(server.Close)
	login := newECSLogin(server.URL, func(base *http.Transport) http.RoundTripper {
		t.Cleanup(base.CloseIdleConnections)
		return base
	})
	creds, err := login(t.Context())
	require.NoError(t, err)
	assert.Equal(t, Keys{"AK", "SK", "ST"}, creds.Keys)
}
