package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/simulator"
)

func TestGateLimitsRequestsPerMinute(t *testing.T) {
	t.Parallel()
	gate := &gate{limit: 2}
	start := time.Now()
	var rejected []int
	for _, second := range []int{0, 1, 2, 59, 60, 61, 62, 120} {
		fault := gate.intercept(simulator.Request{At: start.Add(time.Duration(second) * time.Second)})
		if fault != nil {
			assert.Equal(t, 429, fault.Status)
			assert.Contains(t, fault.Body, "limit:2,time:1 minute")
			rejected = append(rejected, second)
		}
	}
	assert.Equal(t, []int{2, 59, 62}, rejected)
	assert.Equal(t, 3, gate.rejected)
}

func TestBusiestSecondExcludesTheFirst(t *testing.T) {
	t.Parallel()
	start := time.Now()
	var requests []simulator.Request
	for _, ms := range []int{0, 10, 20, 30, 999, 1000, 1500, 1999, 2000, 5000} {
		requests = append(requests, simulator.Request{At: start.Add(time.Duration(ms) * time.Millisecond)})
	}
	assert.Equal(t, 3, busiest(requests, start))
}
