package simulator_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/simulator"
)

const (
	otherInstance = "22222222-2222-3333-4444-555555555555"
	instances     = "/v2/" + simulator.DefaultProjectID + "/instances/"
)

func TestInstanceFollowsItsScript(t *testing.T) {
	t.Parallel()
	clock := &fakeClock{}
	server := start(t, simulator.Simulator{Clock: clock.Now, Instances: []simulator.Instance{{
		ID: otherInstance, Steps: []simulator.Step{
			{Status: simulator.Gone},
			{After: time.Second, Status: "CREATING"},
			{After: time.Minute, Status: "RUNNING"},
			{After: time.Hour, Status: "DELETING"},
			{After: 2 * time.Hour, Status: simulator.Gone},
		},
	}}})
	for at, want := range map[time.Duration]string{
		0: "", time.Second: "CREATING", time.Minute: "RUNNING", time.Hour: "DELETING", 2 * time.Hour: "",
	} {
		clock.Set(at)
		response, body := get(t, server, instances+strings.ToUpper(otherInstance))
		if want == "" {
			assert.Equal(t, http.StatusNotFound, response.StatusCode, at)
			assert.Contains(t, body, "DMS.00404022")
			continue
		}
		assert.Equal(t, http.StatusOK, response.StatusCode, at)
		assert.Contains(t, body, `"status":"`+want+`"`)
		assert.Contains(t, body, `"instance_id":"`+otherInstance+`"`)
	}
	_, body := get(t, server, instances+simulator.DefaultInstanceID)
	assert.Contains(t, body, `"status":"RUNNING"`, "without a script")
}

func TestInstancesHaveTasksOfTheirOwn(t *testing.T) {
	t.Parallel()
	own, other := strings.Repeat("a", 32), strings.Repeat("b", 32)
	server := start(t, simulator.Simulator{
		Instances: []simulator.Instance{{ID: otherInstance}},
		Tasks:     []simulator.Task{{ID: own}, {ID: other, InstanceID: otherInstance}},
	})
	_, body := get(t, server, instances+simulator.DefaultInstanceID+"/tasks")
	assert.Contains(t, body, own)
	assert.NotContains(t, body, other)
	_, body = get(t, server, instances+otherInstance+"/tasks/"+other)
	assert.Contains(t, body, other)
	_, body = get(t, server, instances+otherInstance+"/tasks/"+own)
	assert.NotContains(t, body, own)
}

func TestForbiddenRequestsAboutAnInstanceGet403(t *testing.T) {
	t.Parallel()
	server := start(t, simulator.Simulator{
		Instances: []simulator.Instance{{ID: otherInstance, Forbidden: []string{"instance"}}},
	})
	response, _ := get(t, server, instances+otherInstance)
	assert.Equal(t, http.StatusForbidden, response.StatusCode)
	response, _ = get(t, server, instances+otherInstance+"/tasks")
	assert.Equal(t, http.StatusOK, response.StatusCode)
	response, _ = get(t, server, instances+simulator.DefaultInstanceID)
	assert.Equal(t, http.StatusOK, response.StatusCode)
}

func TestGatewayAllowsSoManyRequestsAMinute(t *testing.T) {
	t.Parallel()
	clock := &fakeClock{}
	server := start(t, simulator.Simulator{Clock: clock.Now, PerMinute: 2})
	for _, request := range []struct {
		at   time.Duration
		want int
	}{{0, 200}, {time.Second, 200}, {59 * time.Second, 429}, {time.Minute, 200}, {time.Minute, 200}, {time.Minute, 429}} {
		clock.Set(request.at)
		response, body := get(t, server, instances+simulator.DefaultInstanceID+"/tasks")
		assert.Equal(t, request.want, response.StatusCode, request.at)
		if request.want == http.StatusTooManyRequests {
			assert.Contains(t, body, "limit:2,time:1 minute")
		}
	}
}

func TestTaskOfAnUnknownInstanceIsAnError(t *testing.T) {
	t.Parallel()
	sim := simulator.Simulator{Tasks: []simulator.Task{{ID: strings.Repeat("a", 32), InstanceID: otherInstance}}}
	_, err := sim.Start()
	assert.ErrorContains(t, err, "unknown instance")
}
