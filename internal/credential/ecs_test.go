package credential

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const metadataKeys = `{"credential":{"access":"AK","secret":"SK","securitytoken":"ST","expires_at":"2000-01-01T06:00:00.000000Z"}}`

func (c *cloud) metadata() Metadata { return Metadata{c.exchange(), "http://metadata.test"} }

func TestMetadataVersion2RequiresAToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{answers: []any{ok(" a-token\n"), ok(metadataKeys)}}
		creds, err := c.metadata().Login(t.Context())
		require.NoError(t, err)
		assert.Equal(t, Keys{"AK", "SK", "ST"}, creds.Keys)
		assert.True(t, time.Now().Add(6*time.Hour).Equal(creds.Expires))
		assert.Equal(t, []call{
			{"PUT http://metadata.test/meta-data/latest/api/token", plainHeader("X-Metadata-Token-Ttl-Seconds", "21600"), ""},
			{"GET http://metadata.test/openstack/latest/securitykey", plainHeader("X-Metadata-Token", "a-token"), ""},
		}, c.calls)
	})
}

func TestMetadataVersion1HasNoToken(t *testing.T) {
	t.Parallel()
	for _, status := range []int{404, 405, 503} {
		c := &cloud{answers: []any{answer{status: status}, ok(metadataKeys)}}
		creds, err := c.metadata().Login(t.Context())
		require.NoError(t, err, status)
		assert.Equal(t, Keys{"AK", "SK", "ST"}, creds.Keys)
		assert.Equal(t, plainHeader(), c.calls[1].header, "no token, not even an empty one")
	}
}

func TestMetadataLoginEndsWithoutAToken(t *testing.T) {
	t.Parallel()
	for status, kind := range map[int]string{400: "rejected", 401: "denied", 403: "denied", 429: "failing", 500: "failing", 502: "failing", 302: "failing", 200: "failing"} {
		c := &cloud{answers: []any{answer{status: status}}}
		_, err := c.metadata().Login(t.Context())
		e := loginError(t, err)
		assert.Equal(t, kind, map[bool]string{e.Rejected(): "rejected", e.Denied(): "denied", e.Failing(): "failing"}[true], status)
		assert.Len(t, c.calls, 1)
	}
	c := &cloud{answers: []any{errors.New("no route to host")}}
	_, err := c.metadata().Login(t.Context())
	assert.True(t, loginError(t, err).Failing(), "not on an ECS")
	assert.Len(t, c.calls, 1)
}

func TestECSWithoutAgencyIsFinalWhateverTheStatus(t *testing.T) {
	t.Parallel()
	const text = "Please configure Cloud Service Agency first."
	for _, status := range []int{200, 401, 403, 404, 429, 500, 503} {
		for _, body := range []string{text, `{"message":"` + text + `"}`, `{"error":{"message":"` + text + `"}}`} {
			c := &cloud{answers: []any{ok("token"), answer{status: status, body: body}}}
			_, err := c.metadata().Login(t.Context())
			e := loginError(t, err)
			assert.True(t, e.Rejected() && !e.Failing() && !e.Denied(), "%d %s", status, body)
			assert.ErrorContains(t, err, "this ECS has no agency: give it one, or log in another way")
		}
	}
}

func TestMetadataRequestsBypassProxiesAndTakeAtMost3Seconds(t *testing.T) {
	t.Parallel()
	m := NewMetadata(MetadataAddress, "dmswait/1.0.0", unwrapped, nil)
	assert.Equal(t, "http://169.254.169.254", m.address)
	assert.Nil(t, m.exchange.Transport.(*http.Transport).Proxy)
	assert.Equal(t, "dmswait/1.0.0", m.exchange.UserAgent)
	assert.Equal(t, 3*time.Second, m.exchange.Timeout)
	synctest.Test(t, func(t *testing.T) {
		m.exchange.Transport = carrier(func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return nil, req.Context().Err()
		})
		start := time.Now()
		_, err := m.Login(t.Context())
		assert.EqualError(t, err, "get keys from the metadata service: no answer within 3s")
		assert.Equal(t, 3*time.Second, time.Since(start))
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
	m := NewMetadata(server.URL, "dmswait/1.0.0", unwrapped, nil)
	t.Cleanup(m.exchange.Transport.(*http.Transport).CloseIdleConnections)
	creds, err := m.Login(t.Context())
	require.NoError(t, err)
	assert.Equal(t, Keys{"AK", "SK", "ST"}, creds.Keys)
}

func unwrapped(base *http.Transport) http.RoundTripper { return base }
