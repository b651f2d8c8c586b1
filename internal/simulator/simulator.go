// Package simulator serves a simulated Huawei Cloud on loopback, for tests and the demo: DMS with
// scripted tasks and faults, and what logging in needs (IAM, STS, the metadata service of an ECS and
// GitHub's ID tokens), all on one address.
// It imports nothing of this module and checks signatures with its own code, so that a mistake in our
// signer cannot go unnoticed; the program never imports it.
//
// Where the cloud's behaviour is undocumented, a comment says that the behaviour here is a guess.
package simulator

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"time"
)

// Defaults for the ids of a [Simulator].
const (
	DefaultProjectID  = "0123456789abcdef0123456789abcdef"
	DefaultInstanceID = "11111111-2222-3333-4444-555555555555"
)

// Simulator describes a cloud: what it holds and which credentials it accepts.
// [Simulator.Start] takes a copy, so later changes have no effect on a running server,
// and one Simulator can be started several times.
type Simulator struct {
	// ProjectID and InstanceID are the only project and instance that DMS knows.
	// If empty, they are [DefaultProjectID] and [DefaultInstanceID].
	ProjectID, InstanceID string

	// Keys maps the access keys whose signatures are accepted to their secret keys.
	Keys map[string]string
	// SecurityTokens marks access keys as temporary: it maps them to the security token that a
	// request must carry, signed, in X-Security-Token.
	SecurityTokens map[string]string
	// UnsignedHost accepts signatures that do not cover Host, as the cloud does and the official SDK
	// sends them. By default they are rejected, because our own signer must cover Host.
	UnsignedHost bool
	// Tokens are accepted in X-Auth-Token, for any project.
	Tokens []string

	// The following fields are the state of IAM, STS, GitHub and the metadata service. What those issue
	// is accepted in addition to Keys and Tokens, until it expires by Clock or [Server.Revoke] is called.
	Projects          []Project // names need not be unique
	Users             []User
	Agencies          []Agency
	IdentityProviders []string // ids, for X-Idp-Id; ID tokens for any audience are accepted
	ActionsToken      string   // bearer token for [Server.ActionsURL]; if empty, none is accepted
	ImmutableSubject  bool     // ID tokens have numeric ids in their subject, as GitHub's for repositories since 2026-07-15
	PodToken          string   // token of a service account for [Server.PodIdentityURI]; if empty, none is accepted
	Metadata          Metadata
	// Lifetime overrides the lifetime of issued IAM tokens and temporary keys, whatever was requested.
	// If 0, they live as long as documented or requested. ID tokens and metadata tokens are not affected.
	Lifetime time.Duration

	// Clock is the cloud's clock: it sets the Date header, the timeline of the tasks, the lifetime of
	// what is issued, and which X-Sdk-Date is accepted. If nil, it is time.Now.
	// It must be safe for concurrent use.
	Clock func() time.Time
	Tasks []Task

	// Instances are the instances that DMS knows besides InstanceID, which is RUNNING unless it is among them.
	Instances []Instance

	// PerMinute is how many requests for DMS the gateway allows in each minute by Clock, from the start of the
	// server; it throttles the others. If 0, it allows all.
	PerMinute int

	// Intercept is called for every request before any check. A non-nil response is sent instead of
	// the regular one. It must be safe for concurrent use.
	Intercept func(Request) *Response
}

// Task is the script of a background task. Durations count from the start of the server, by its clock.
type Task struct {
	ID, Name, UserName, UserID string
	InstanceID                 string // if empty, Simulator.InstanceID
	Params                     string // JSON in a string, as in the API

	// Age is how long before the start the task was created; the list is sorted by it.
	// If negative, the task is created that long after the start and missing until then.
	Age time.Duration
	// Steps are the changes of status in order of time. Before the first one, the status is CREATED.
	Steps []Step
	// Progress are the changes of the percentage in order of time. Before the first one, it is 0.
	// If empty, the progress of the task is not found.
	Progress []ProgressStep
	// OnFirstPoll makes Steps and Progress count from the first request for this task by its id
	// instead. Until then the list shows it as just created, Age ago.
	OnFirstPoll bool

	// CreatedAt and UpdatedAt replace the times derived from Age and Steps.
	// They are text, because the API's formats vary.
	CreatedAt, UpdatedAt string
}

// Step is a change of a task's status.
type Step struct {
	After  time.Duration
	Status string // CREATED, EXECUTING, SUCCESS, FAILED, DELETED, CANCELLED, or an unknown one
}

// ProgressStep is a change of a task's percentage.
type ProgressStep struct {
	After   time.Duration
	Percent int
}

// Request is a received request.
type Request struct {
	N   int // number among all requests, from 1
	Nth int // number among the requests of its kind, from 1
	// Kind is the API that was called: "instance", "task", "tasks" or "progress" of DMS; "iam-token", "projects",
	// "idp-token" or "idp-keys" of IAM; "assume" of STS; "metadata-token" or "metadata-keys" of the
	// metadata service; "pod-identity" of CCE's agent; "id-token" of GitHub; "other" if no API has this path.
	Kind string

	Method, Path, RawQuery, Host string // the path is decoded, the query is not
	Header                       http.Header
	Body                         []byte    // at most 1 MiB
	At                           time.Time // by time.Now, not Clock, so that differences are real pauses
	RemoteAddr                   string
}

// ExampleTask is the task in the documentation of ShowBackgroundTask. The response for it has
// exactly the documented bytes (testdata/example.json).
var ExampleTask = Task{
	ID:       "ff80808272dcc90f0172df1e490f41b0",
	Name:     "bindInstancePublicIp",
	UserName: "dms_test",
	UserID:   "xxxxxxxx93ff484a828144c6xxxxxxxx",
	Params: `{"public_ip_id":"06a13350-4305-4338-9f0e-6b322bb1413d",` +
		`"public_ip_address":"xx.xx.xx.xx","enable_public_ip":true}`,
	Steps:     []Step{{Status: "SUCCESS"}},
	CreatedAt: "2020-06-23T03:00:03.471Z",
	UpdatedAt: "2020-06-23T03:00:08.130Z",
}

// The documented forms of ids. Case does not matter.
var (
	hexID  = regexp.MustCompile(`^[0-9a-fA-F]{32}$`)
	uuidID = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
)

// withDefaults returns a copy of s with the defaults filled in. It returns an error for a malformed
// id, because no request could reach it.
func (s *Simulator) withDefaults() (Simulator, error) {
	c := *s
	if c.ProjectID == "" {
		c.ProjectID = DefaultProjectID
	}
	if c.InstanceID == "" {
		c.InstanceID = DefaultInstanceID
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	c.Keys, c.SecurityTokens = maps.Clone(c.Keys), maps.Clone(c.SecurityTokens)
	c.Tokens, c.Tasks = slices.Clone(c.Tokens), slices.Clone(c.Tasks)
	c.Instances = slices.Clone(c.Instances)
	if _, known := c.instance(c.InstanceID); !known {
		c.Instances = append(c.Instances, Instance{ID: c.InstanceID})
	}
	for i := range c.Tasks {
		c.Tasks[i].InstanceID = cmp.Or(c.Tasks[i].InstanceID, c.InstanceID)
	}
	c.Projects, c.Users = slices.Clone(c.Projects), slices.Clone(c.Users)
	c.Agencies, c.IdentityProviders = slices.Clone(c.Agencies), slices.Clone(c.IdentityProviders)
	return c, c.checkIDs()
}

func (s *Simulator) checkIDs() error {
	if !hexID.MatchString(s.ProjectID) {
		return fmt.Errorf("project id %q is not 32 hex digits", s.ProjectID)
	}
	if !uuidID.MatchString(s.InstanceID) {
		return fmt.Errorf("instance id %q is not a dashed UUID", s.InstanceID)
	}
	for _, p := range s.Projects {
		if !hexID.MatchString(p.ID) {
			return fmt.Errorf("project id %q is not 32 hex digits", p.ID)
		}
	}
	for _, i := range s.Instances {
		if !uuidID.MatchString(i.ID) {
			return fmt.Errorf("instance id %q is not a dashed UUID", i.ID)
		}
	}
	for _, t := range s.Tasks {
		if _, known := s.instance(t.InstanceID); !known {
			return fmt.Errorf("task %s is of an unknown instance %q", t.ID, t.InstanceID)
		}
		if !hexID.MatchString(t.ID) {
			return fmt.Errorf("task id %q is not 32 hex digits", t.ID)
		}
	}
	return nil
}
