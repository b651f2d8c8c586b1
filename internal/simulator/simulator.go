// Package simulator is the cloud on loopback, for tests and the demo: it answers real HTTP like DMS does,
// from scripted tasks and faults, and checks signatures from the server's point of view.
// On the same address it is what a login needs: IAM, STS, the metadata service of an ECS, and GitHub's ID tokens.
// The program never imports it, and it imports nothing of the module: a mistake in our signer
// would have to be made here a second time to go unseen.
// It refuses what the cloud refuses, and changes nothing but its own records: of the requests, and of what it has issued.
// Where no source says how the cloud refuses, the code here that chooses says so: a test must not lean on it alone.
package simulator

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"time"
)

// The project and the instance of a [Simulator] that names none.
const (
	DefaultProjectID  = "0123456789abcdef0123456789abcdef"
	DefaultInstanceID = "11111111-2222-3333-4444-555555555555"
)

// Simulator says what one cloud holds and whom it lets in. [Simulator.Start] takes a copy, so that changes
// made later have no effect, and one Simulator can be started several times.
type Simulator struct {
	ProjectID, InstanceID string // the only ones there are; empty: the defaults

	// Keys are the access keys whose signatures are accepted, each with its secret key.
	Keys map[string]string
	// SecurityTokens makes access keys temporary ones: the token that must come with the key, signed, in X-Security-Token.
	SecurityTokens map[string]string
	// UnsignedHost accepts signatures that leave Host out, as the official SDK's do. The cloud takes them;
	// our own signer is held to covering Host.
	UnsignedHost bool
	// Tokens are the values of X-Auth-Token that are accepted, for any project.
	Tokens []string

	// What IAM, STS and the others know; empty: nobody, and nothing. What they issue is accepted here as by the cloud,
	// besides Keys and Tokens, until it expires by Clock or [Server.Revoke] is called.
	Projects          []Project // names may occur twice, with other ids
	Users             []User
	Agencies          []Agency
	IdentityProviders []string // ids, for X-Idp-Id; they take ID tokens for any audience
	ActionsToken      string   // what [Server.ActionsURL] asks for; empty: nobody is let in
	Metadata          Metadata
	// Lifetime is how long issued tokens and temporary keys live, whatever they are asked for.
	// 0: as documented, or as asked for where the API has a parameter. ID tokens and metadata tokens are not meant.
	Lifetime time.Duration

	// Clock is the cloud's clock: the Date header, the 15 minutes of X-Sdk-Date, the tasks' timelines and times,
	// the lives of what is issued.
	// It is called from several goroutines at once. nil: time.Now.
	Clock func() time.Time
	Tasks []Task

	// Intercept is called for every request before any check, from several goroutines at once.
	// Its answer is given instead of the ordinary one; nil leaves that in place.
	Intercept func(Request) *Answer
}

// Task is a background task of the instance, as a script: durations count from the start of the server, by its clock.
type Task struct {
	ID, Name, UserName, UserID string
	Params                     string // as the API gives it: a string that holds JSON

	// Age is how long before the start the task was created, and decides the order of the list.
	// Negative: it will be created that much later, and is missing until then.
	Age time.Duration
	// Steps are the status over time: the last one whose time has come holds; before the first, and without any, CREATED.
	Steps []Step
	// Progress is the percentage over time, 0 before the first step. Empty: the API knows no progress of this task (404).
	Progress []ProgressStep

	// CreatedAt and UpdatedAt replace the times that follow from Age and Steps, as text: the API's formats vary.
	CreatedAt, UpdatedAt string
}

// Step is a change of a task's status.
type Step struct {
	After  time.Duration
	Status string // CREATED, EXECUTING, SUCCESS, FAILED, DELETED, CANCELLED, or one nobody has heard of
}

// ProgressStep is a change of a task's percentage.
type ProgressStep struct {
	After   time.Duration
	Percent int
}

// Request is one request as it arrived.
type Request struct {
	N   int // among all requests, from 1
	Nth int // among the requests of its kind, from 1
	// Kind is what its path asks for: "task", "tasks", "progress"; "iam-token", "projects", "idp-token", "idp-keys";
	// "assume"; "metadata-token", "metadata-keys"; "id-token"; "other" where there is no such API.
	Kind string

	Method, Path, RawQuery, Host string // the path decoded, the query as sent
	Header                       http.Header
	Body                         []byte    // at most 1 MiB of it
	At                           time.Time // by this machine's clock, not the cloud's: differences are real pauses
	RemoteAddr                   string
}

// ExampleTask is the one in the documentation of ShowBackgroundTask: asked for it, the simulator answers the
// documented bytes (testdata/example.json).
var ExampleTask = Task{
	ID:        "ff80808272dcc90f0172df1e490f41b0",
	Name:      "bindInstancePublicIp",
	UserName:  "dms_test",
	UserID:    "xxxxxxxx93ff484a828144c6xxxxxxxx",
	Params:    `{"public_ip_id":"06a13350-4305-4338-9f0e-6b322bb1413d","public_ip_address":"xx.xx.xx.xx","enable_public_ip":true}`,
	Steps:     []Step{{Status: "SUCCESS"}},
	CreatedAt: "2020-06-23T03:00:03.471Z",
	UpdatedAt: "2020-06-23T03:00:08.130Z",
}

// The documented shapes of ids, in either case.
var (
	hexID  = regexp.MustCompile(`^[0-9a-fA-F]{32}$`)
	uuidID = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
)

// settled returns a copy with the defaults filled in. It fails on an id that the cloud could not have given:
// no request could ever reach it.
func (s *Simulator) settled() (Simulator, error) {
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
	c.Projects, c.Users = slices.Clone(c.Projects), slices.Clone(c.Users)
	c.Agencies, c.IdentityProviders = slices.Clone(c.Agencies), slices.Clone(c.IdentityProviders)

	switch {
	case !hexID.MatchString(c.ProjectID):
		return c, fmt.Errorf("project id %q is not 32 hex digits", c.ProjectID)
	case !uuidID.MatchString(c.InstanceID):
		return c, fmt.Errorf("instance id %q is not a dashed UUID", c.InstanceID)
	}
	for _, p := range c.Projects {
		if !hexID.MatchString(p.ID) {
			return c, fmt.Errorf("project id %q is not 32 hex digits", p.ID)
		}
	}
	for _, t := range c.Tasks {
		if !hexID.MatchString(t.ID) {
			return c, fmt.Errorf("task id %q is not 32 hex digits", t.ID)
		}
	}
	return c, nil
}
