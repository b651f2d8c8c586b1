package credential

import (
	"net/http"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const podKeys = `{"assumedAgency":{"urn":"","id":""},"audience":"","credentials":{"accessKeyId":"AK",` +
	`"secretAccessKey":"SK","securityToken":"ST","expiration":"2000-01-01T01:00:00.574000Z"},` +
	`"podIdentityAssociationId":"","subject":{"namespace":"","serviceAccount":""}}`

func (c *service) podIdentity() PodIdentity {
	return PodIdentity{Exchange: c.exchange(), URI: "http://127.0.0.1/v1/credentials", Token: GivenToken("ey.ID")}
}

func TestPodIdentityIsRequestedAsByTheSDK(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := &service{responses: []any{ok(podKeys)}}
		creds, err := new(c.podIdentity()).Get(t.Context())
		require.NoError(t, err)
		assert.Equal(t, Keys{"AK", "SK", "ST"}, creds.Keys)
		assert.Equal(t, time.Hour+574*time.Millisecond, time.Until(creds.Expires))
		assert.Equal(t, []sentRequest{{"POST http://127.0.0.1/v1/credentials",
			plainHeader("Content-Type", "application/json", "Authorization", "ey.ID"), "{}"}}, c.requests)
	})
}

func TestPodIdentityReadsItsTokenEachTimeAndUsesNoProxy(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	c := &service{responses: []any{ok(podKeys), ok(podKeys)}}
	var bases []*http.Transport
	login := podIdentity.New(&Setup{
		PodIdentityURI: "http://169.254.1.1:8080/v1/credentials",
		PodToken:       FileToken("pod identity token", path),
		Wrap: func(base *http.Transport) http.RoundTripper {
			bases = append(bases, base)
			return c
		},
		Exchange: Exchange{Timeout: time.Second},
	})
	for _, token := range []string{"one", "two"} {
		write(t, path, token+"\n")
		_, err := login(t.Context())
		require.NoError(t, err)
		assert.Equal(t, token, c.requests[len(c.requests)-1].header.Get("Authorization"))
	}
	require.Len(t, bases, 1)
	assert.Nil(t, bases[0].Proxy)

	write(t, path, "")
	_, err := login(t.Context())
	assert.True(t, loginError(t, err).Rejected())
	assert.ErrorContains(t, err, "read the pod identity token in ")
	assert.Len(t, c.requests, 2, "nothing is sent without a token")
}

func TestPodIdentityWithoutKeysIsAnOutage(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"{}", `{"credentials":null}`, `{"credentials":{"accessKeyId":"AK"}}`, "<html>", "[]"} {
		c := &service{responses: []any{ok(body)}}
		_, err := new(c.podIdentity()).Get(t.Context())
		assert.True(t, loginError(t, err).Failing(), body)
	}
}
