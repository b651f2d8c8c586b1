// Package config turns flags and environment variables into checked, plain values. Every input is declared
// once, in the table in inputs.go. The package sends nothing and prints nothing; it reports all input errors
// together.
package config

import (
	"slices"
	"strings"
	"time"

	"github.com/dmswait/dmswait/internal/credential"
	"github.com/dmswait/dmswait/internal/target"
)

// Config is one run's inputs, with defaults in place. It is valid only where Parse returned no faults.
type Config struct {
	Help, Version bool // requested instead of a wait; nothing else counts then
	DryRun        bool // show the plan instead of waiting

	Waited
	Cloud
	Waiting
	Login Login
	Result
	Log
	Actions Actions

	Warnings []string // about what is probably a mistake, one line each

	given   map[string]string // input → where its value came from, whether or not it is valid
	secrets []string
	home    string // the folder that ~ stands for; empty: none
}

// Waited is what to wait for.
type Waited struct {
	Targets  []target.Target // in the order given, each once; at least one
	Since    Since           // with task names: the earliest creation time
	Settle   time.Duration   // with until: how long an instance must be what it is to become
	FailFast bool            // one target that does not succeed ends the wait

	instances []string
	tasks     []string // ids, or INSTANCE/TASK
	taskName  string
	until     string
}

// Since is the earliest creation time of a task that is found by name: a time, or a duration back from now by
// the server's clock.
type Since struct {
	At  time.Time // zero: Ago counts
	Ago time.Duration
}

// Cloud is where the instance is.
type Cloud struct {
	Region                 string
	ProjectID, ProjectName string // the project's id or, where that is to be looked up, its name
	Endpoint               string // of DMS
	IAMEndpoint            string // empty where it follows from the region, see IAMEndpoints
	STSEndpoint            string // empty where it follows from the region, see STS

	domain string // of the cloud's endpoints; empty where it follows from the region
}

// Waiting is how long to wait, and how often to poll.
type Waiting struct {
	Timeout               time.Duration // 0: poll once
	Interval, MaxInterval time.Duration
	NotFoundGrace         time.Duration
	MaxOutage             time.Duration
	RequestTimeout        time.Duration
}

// Login is the method to log in with, and its inputs.
type Login struct {
	Method   *credential.Method // nil where Parse found faults
	From     string             // the flag, variable or file that selected Method
	Values   map[string]string  // the login inputs that have a value, by name; secrets among them
	IDToken  IDToken
	Audience string // requested for the ID token in GitHub Actions

	PodIdentity PodIdentity

	profile string // credentials_file
}

// IDToken is where OIDC ID tokens come from, for the methods that exchange one: a value, a file, or the runner
// of GitHub Actions.
type IDToken struct {
	Value               string
	File                string // read anew for each exchange
	ActionsURL          string
	ActionsRequestToken string
}

// PodIdentity is where CCE's agent returns keys, and the file of the token that it wants. Both are empty for other
// methods.
type PodIdentity struct{ URI, TokenFile string }

// Result is where and how the result is written.
type Result struct {
	SucceedOn    []string // names of results that exit 0 as well
	Format       string   // on stdout: text, json or none
	Quiet        bool     // no output about a run that exits 0 or found the task running
	OutputFile   string   // empty: none
	OutputPrefix string
	ResultsDir   string // empty: none
}

// Log is the form of the log on stderr.
type Log struct {
	LogFormat string // text or json
	Debug     bool   // a line for each request
}

// Actions is what GitHub Actions provides where this run is a step of a job.
type Actions struct {
	On          bool
	Output      string // the file for outputs
	StepSummary string // the file for the job summary; empty where there is none
}

// Secrets returns the values that must not be shown, including those that are not valid.
func (c *Config) Secrets() []string { return c.secrets }

// Source returns where an input's value came from, e.g. --region, HW_REGION_NAME or "ak in credentials_file".
// It is empty for an input that was not given.
func (c *Config) Source(input string) string { return c.given[input] }

func (c *Config) has(input string) bool { return c.given[input] != "" }

// Fault is one error in the inputs, or in the environment that they refer to.
type Fault struct {
	// Input is the input or environment variable at fault; "arguments" or "credentials" if the fault
	// concerns no single input.
	Input string
	Text  string // one line: what is wrong, and how to correct it
	Brief string // what is wrong, in a few words without any value: it is written everywhere
}

// Faults are all errors in a run's inputs.
type Faults []Fault

// Error returns the faults, one line each.
func (f Faults) Error() string {
	var lines []string
	for _, fault := range f {
		lines = append(lines, fault.Text)
	}
	return strings.Join(lines, "\n")
}

// Brief returns what is wrong, in a few words without any value.
func (f Faults) Brief() string {
	var texts []string
	for _, fault := range f {
		text := fault.Brief
		if text == "" {
			text = fault.Input + " is invalid"
		}
		if !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, "; ")
}

// brief returns the first clause of a fault's text, without what is in parentheses. It ends before anything quoted.
func brief(text string) string {
	text, _, _ = strings.Cut(text, `"`)
	for {
		before, rest, found := strings.Cut(text, " (")
		if !found {
			break
		}
		_, after, _ := strings.Cut(rest, ")")
		text = before + after
	}
	if end := strings.IndexAny(text, ":;"); end >= 0 {
		text = text[:end]
	}
	return strings.TrimSpace(text)
}

// Inputs returns the names of the inputs at fault, each once.
func (f Faults) Inputs() []string {
	var names []string
	for _, fault := range f {
		if !slices.Contains(names, fault.Input) {
			names = append(names, fault.Input)
		}
	}
	return names
}
