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
	logIn := call{service: "IAM", op: "log in"}
	status := func(code int, errorCode string) error {
		return logIn.failed(&client.Error{Op: "log in", Code: errorCode, Response: client.Response{StatusCode: code}})
	}
	problem := errors.New("the project was not found")
	once, eachMinute := minutes(0, 55, 60), minutes(0, 55, 56, 57, 58, 59, 60)
	for name, test := range map[string]struct {
		broken error
		logins []time.Duration
	}{
		"401":           {status(http.StatusUnauthorized, ""), once},
		"403":           {status(http.StatusForbidden, ""), once},
		"400":           {status(http.StatusBadRequest, ""), once},
		"404":           {status(http.StatusNotFound, ""), once},
		"wrapped":       {fmt.Errorf("log in: %w", status(http.StatusUnauthorized, "")), once},
		"impossible":    {logIn.impossible(client.Response{StatusCode: 200}, "r", problem), once},
		"throttled":     {status(http.StatusForbidden, "APIGW.0308"), eachMinute},
		"429":           {status(http.StatusTooManyRequests, ""), eachMinute},
		"503":           {status(http.StatusServiceUnavailable, ""), eachMinute},
		"no connection": {logIn.failed(&client.Error{Op: "log in", Err: errors.New("connection refused")}), eachMinute},
		"not sent":      {logIn.impossible(client.Response{}, "the file is empty", errors.New("the file is empty")), eachMinute},
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
