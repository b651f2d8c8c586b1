package simulator

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Instance is the script of an instance. Durations count from the start of the server, by its clock.
type Instance struct {
	ID string
	// Steps are the changes of status in order of time. Before the first one, the status is RUNNING. With the
	// status [Gone] the instance does not exist, as before its creation and after its deletion.
	Steps []Step
	// Forbidden are the kinds of requests about the instance that get a 403: "instance", "task", "tasks", "progress".
	Forbidden []string
}

// Gone is the status of an instance that does not exist.
const Gone = ""

// instance returns an instance, and whether it is known.
func (s *Simulator) instance(id string) (Instance, bool) {
	for _, i := range s.Instances {
		if strings.EqualFold(i.ID, id) {
			return i, true
		}
	}
	return Instance{}, false
}

// status returns the status of an instance, so long after the start of its script.
func (i *Instance) status(now time.Duration) string {
	status := "RUNNING"
	for _, step := range i.Steps {
		if step.After <= now {
			status = step.Status
		}
	}
	return status
}

// instanceJSON is what the documentation shows of an instance, shortened to what every engine has.
type instanceJSON struct {
	Name       string `json:"name"`
	Engine     string `json:"engine"`
	Status     string `json:"status"`
	InstanceID string `json:"instance_id"`
	UserName   string `json:"user_name"`
	CreatedAt  string `json:"created_at"` // epoch milliseconds
}

func (s *Server) showInstance(c *call) *Response {
	instance, _ := s.cloud.instance(c.ids["instance"])
	return jsonResponse(instanceJSON{
		Name:       "reliability-" + instance.ID[:8],
		Engine:     "reliability",
		Status:     instance.status(c.now.Sub(s.start)),
		InstanceID: instance.ID,
		UserName:   "dms_test",
		CreatedAt:  strconv.FormatInt(s.start.UnixMilli(), 10),
	})
}

// refuse returns the error for a request about an instance that is not allowed or does not exist; nil: it is.
func (s *Server) refuse(c *call) *Response {
	instance, known := s.cloud.instance(c.ids["instance"])
	switch {
	case !known || instance.status(c.now.Sub(s.start)) == Gone:
		return Fault(http.StatusNotFound, "DMS.00404022", "This instance does not exist.")
	case slices.Contains(instance.Forbidden, lookUp(c.request.URL.Path).kind):
		return Fault(http.StatusForbidden, "DMS.00403002", "Policy doesn't allow the action to be performed.")
	}
	return nil
}

// throttle returns the gateway's error where the account has used up its requests of this minute; nil: it has not.
func (s *Server) throttle(now time.Time) *Response {
	if s.cloud.PerMinute == 0 {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if minute := int(now.Sub(s.start) / time.Minute); minute != s.minute {
		s.minute, s.inMinute = minute, 0
	}
	if s.inMinute++; s.inMinute <= s.cloud.PerMinute {
		return nil
	}
	return Fault(http.StatusTooManyRequests, "APIGW.0308",
		"The throttling threshold has been reached: policy user over ratelimit,limit:"+
			strconv.Itoa(s.cloud.PerMinute)+",time:1 minute")
}
