package credential

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/client"
)

func TestRefusedRenewalIsNotRetriedBeforeTheCredentialsExpire(t *testing.T) {
	t.Parallel()
	status := func(code int) *client.Error {
		return &client.Error{Op: "log in", Login: true, Answer: client.Answer{StatusCode: code}}
	}
	unfitNow := status(http.StatusOK)
	unfitNow.Unfit = true
	throttled := status(http.StatusForbidden)
	throttled.Code = "APIGW.0308"
	onceMore, eachMinute := minutes(0, 55, 60), minutes(0, 55, 56, 57, 58, 59, 60)
	for name, test := range map[string]struct {
		broken error
		logins []time.Duration
	}{
		"401":             {status(http.StatusUnauthorized), onceMore},
		"403":             {status(http.StatusForbidden), onceMore},
		"400":             {status(http.StatusBadRequest), onceMore},
		"404":             {status(http.StatusNotFound), onceMore},
		"wrapped":         {fmt.Errorf("log in: %w", status(http.StatusUnauthorized)), onceMore},
		"of no use":       {unfitNow, onceMore},
		"throttled":       {throttled, eachMinute},
		"429":             {status(http.StatusTooManyRequests), eachMinute},
		"503":             {status(http.StatusServiceUnavailable), eachMinute},
		"no connection":   {&client.Error{Op: "log in", Login: true, Err: errors.New("connection refused")}, eachMinute},
		"nothing to send": {unfit("read the ID token", client.Answer{}, errors.New("the file is empty")), eachMinute},
	} {
		inAccount(t, account{life: time.Hour}, func(t *testing.T, a *account, transport *Transport) {
			send(t, transport)
			a.broken = test.broken
			for time.Since(a.start) < time.Hour {
				assert.Equal(t, http.StatusOK, send(t, transport), name)
				time.Sleep(15 * time.Second)
			}
			_, err := transport.Get(t.Context())
			assert.Equal(t, a.broken, err, name)
			assert.Equal(t, test.logins, a.logins, name)
			assert.NotContains(t, a.requests, "key2", name)
		})
	}
}
