package report

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/client"
)

func TestTimesAreShownAsPeopleSayThem(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0:                                    "0s",
		1499 * time.Microsecond:              "1ms",
		300 * time.Millisecond:               "300ms",
		5249 * time.Millisecond:              "5.2s",
		9960 * time.Millisecond:              "10s",
		12345 * time.Millisecond:             "12s",
		59600 * time.Millisecond:             "1m",
		90 * time.Second:                     "1m30s",
		10 * time.Minute:                     "10m",
		time.Hour:                            "1h",
		time.Hour + 4*time.Second:            "1h0m4s",
		20*time.Hour + 10*time.Minute:        "20h10m",
		2562047*time.Hour + 47*time.Minute:   "2562047h47m",
		100*time.Hour + 100*time.Microsecond: "100h",
	} {
		assert.Equal(t, want, Human(d))
	}
}

func TestASecretIsHiddenInAnErrorThatCutsIt(t *testing.T) {
	t.Parallel()
	token := "MII" + strings.Repeat("0123456789", 400) // as long as IAM's are
	hider := NewHider([]string{token})
	e := answered(401, "APIGW.0301", "invalid token "+token)
	assert.Equal(t, `get task "t1": 401 APIGW.0301: invalid token *** (request 9f31)`, hider.Error(e))
	e = answered(401, token, "")
	e.Answer.RequestID = token
	assert.Equal(t, `get task "t1": 401 *** (request ***)`, hider.Error(e))
	assert.Equal(t, `get task "t1": bad header ***`, hider.Error(unanswered(errors.New("bad header "+token))))
	assert.Equal(t, "bad header ***", hider.Error(errors.New("bad header "+token)))

	r := ofTask(client.Task{ID: "t1", Status: client.Status(token)}, answered(401, token, ""))
	r.Hider = hider
	assert.NotContains(t, r.Message(), "0123456789")
}
