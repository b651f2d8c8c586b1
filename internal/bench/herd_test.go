package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/simulator"
)

func TestTheGateLetsSoManyThroughInAMinute(t *testing.T) {
	t.Parallel()
	gate := &gate{limit: 2}
	began := time.Now()
	var refused []int
	for _, second := range []int{0, 1, 2, 59, 60, 61, 62, 120} {
		if answer := gate.intercept(simulator.Request{At: began.Add(time.Duration(second) * time.Second)}); answer != nil {
			assert.Equal(t, 429, answer.Status)
			assert.Contains(t, answer.Body, "limit:2,time:1 minute")
			refused = append(refused, second)
		}
	}
	assert.Equal(t, []int{2, 59, 62}, refused)
	assert.Equal(t, 3, gate.refused)
}

func TestTheBusiestSecondIsNotTheFirst(t *testing.T) {
	t.Parallel()
	began := time.Now()
	var requests []simulator.Request
	for _, ms := range []int{0, 10, 20, 30, 999, 1000, 1500, 1999, 2000, 5000} {
		requests = append(requests, simulator.Request{At: began.Add(time.Duration(ms) * time.Millisecond)})
	}
	assert.Equal(t, 3, busiest(requests, began))
}

func TestAHerdComesHome(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	assert.NoError(t, herd([]string{"-n", "3", "-task", "100ms"}, &out))
	assert.Regexp(t, `^3 processes, 3 of them ended with 0
[3-9] requests, 0 of them throttled; most in one second, after the first: \d
late: mean \d+s, 95 % of them at most \d+s, the last \d+s
$`, out.String())
}
