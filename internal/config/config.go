// Package config knows all inputs, in one table, and makes plain checked values of what flags and environment say.
// It sends nothing and prints nothing: what is wrong comes back as faults, all of them together.
package config

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// Config is what a run was told, with defaults in place. It is valid only when Parse found no faults.
type Config struct {
	Help, Version bool // asked for; nothing else counts then

	InstanceID, TaskID, TaskName string
	Since                        Since
	Region                       string
	ProjectID, ProjectName       string // the project's id or, where that is to be looked up, its name
	Endpoint                     string // of DMS
	IAMEndpoint, STSEndpoint     string // empty where they are derived from the region, see Endpoints

	Timeout, Interval, MaxInterval           time.Duration
	NotFoundGrace, MaxOutage, RequestTimeout time.Duration

	Login Login

	SucceedOn    []string // names of results
	Format       string   // of the result on stdout: text, json, none
	LogFormat    string   // of the log on stderr: text, json
	Quiet, Debug bool
	OutputFile   string // empty: none
	OutputPrefix string
	ResultsDir   string // empty: none
	DryRun       bool

	Actions      bool   // this is a step of a GitHub Actions job
	StepSummary  string // the file that takes the job summary; empty when there is none
	GitHubOutput string // the file that takes the step's outputs; empty when there is none to write, and outside of Actions

	timeout, interval, maxInterval, grace, maxOutage, requestTimeout optional
	given                                                            map[string]string // where each input that has a value, right or wrong, is from
	secrets                                                          []string
	ctx                                                              context.Context // of Parse: its end calls off the reading of files
}

// Since is the earliest time of creation of a task that is looked for by name: an instant, or a duration back from the server's clock.
type Since struct {
	At  time.Time
	Ago time.Duration
}

// Secrets are the values that must not be shown to anybody, those that Parse found fault with among them.
func (c *Config) Secrets() []string { return c.secrets }

// Source tells where an input is from: its flag, or a variable of the environment. It is empty for one that was not given.
func (c *Config) Source(name string) string { return c.given[name] }

func (c *Config) has(name string) bool { return c.given[name] != "" }

// Fault is what is wrong with one input, and what would be right.
type Fault struct {
	Input   string // its name, or the flag or variable that is no input
	Problem string
}

func (f Fault) Error() string { return f.Input + ": " + f.Problem }

// Parse reads flags (args, without the program's name) and environment. It returns a Config as far as it could be read, and all that is wrong with it.
// A file that keeps it waiting is left, with a fault, when ctx ends.
func Parse(ctx context.Context, args []string, getenv func(string) string) (*Config, []Fault) {
	c := &Config{
		ctx:    ctx,
		Format: "text", LogFormat: "text",
		OutputPrefix: "DMS_",
		Debug:        getenv("RUNNER_DEBUG") == "1",
		Login:        Login{Audience: "sts.huaweicloud.com"},
		Actions:      getenv("GITHUB_ACTIONS") == "true",
		given:        map[string]string{},
	}
	flags, faults := c.parseFlags(args)
	if c.Help || c.Version {
		return c, nil
	}
	for _, in := range Inputs() {
		value, from, err := c.lookup(in, flags, getenv)
		if err == nil && value == "" {
			continue
		}
		c.given[in.Name] = from
		if in.Secret && value != "" {
			c.secrets = append(c.secrets, value)
		}
		if err == nil {
			err = in.set(c, value)
		}
		if err != nil {
			faults = append(faults, Fault{in.Name, fmt.Sprintf("%v (from %s)", err, from)})
		}
	}
	login := c.resolveLogin(getenv)
	c.applyDefaults()
	faults = append(append(faults, c.checkTogether()...), login...)
	return c, append(faults, checkSurroundings(c, getenv)...)
}

// lookup finds the value of an input and where it is from: its flag, the CI system's variable, its own variable or, for a secret, a file.
// An empty value counts as none on every level.
func (c *Config) lookup(in Input, flags *pflag.FlagSet, getenv func(string) string) (value, from string, err error) {
	if flag := flags.Lookup(in.Flag()); flag != nil && strings.TrimSpace(flag.Value.String()) != "" {
		return strings.TrimSpace(flag.Value.String()), "--" + in.Flag(), nil
	}
	for _, name := range variables(in, getenv) {
		if value := trim(in, getenv(name)); value != "" {
			if in.Secret && name == in.Env() && getenv(name+"_FILE") != "" {
				return value, name, fmt.Errorf("is given twice: set %s or %s_FILE, not both", name, name)
			}
			return value, name, nil
		}
	}
	if !in.Secret {
		return "", "", nil
	}
	name := in.Env() + "_FILE"
	path := getenv(name)
	if path == "" {
		return "", "", nil
	}
	value, err = readSecret(c.ctx, path)
	return value, name, err
}

// variables are the environment variables an input may come from, the first to count first.
func variables(in Input, getenv func(string) string) []string {
	var names []string
	if getenv("GITHUB_ACTIONS") == "true" {
		names = append(names, "INPUT_"+in.upper())
	}
	if getenv("CI") == "woodpecker" || getenv("DRONE") == "true" {
		names = append(names, "PLUGIN_"+in.upper())
	}
	return append(names, in.Env())
}

// trim takes off what a YAML block or a copied secret leaves at its end; nothing else of a secret, since a password may hold blanks.
func trim(in Input, value string) string {
	if in.Secret {
		return cutNewline(value)
	}
	return strings.TrimSpace(value)
}

func cutNewline(value string) string {
	return strings.TrimSuffix(strings.TrimSuffix(value, "\n"), "\r")
}

func (c *Config) applyDefaults() {
	c.Timeout = c.timeout.or(time.Hour)
	c.Interval = c.interval.or(time.Second)
	c.MaxInterval = c.maxInterval.or(max(25*time.Second, c.Interval))
	c.NotFoundGrace = c.grace.or(30 * time.Second)
	c.MaxOutage = c.maxOutage.or(15 * time.Minute)
	c.RequestTimeout = c.requestTimeout.or(10 * time.Second)
	if c.Endpoint == "" && c.Region != "" {
		c.Endpoint = c.regional("dms")
	}
	if c.ProjectID == "" && c.ProjectName == "" {
		c.ProjectName = c.Region
	}
}

// IAMEndpoints are the base URLs of IAM, in the order in which they are to be tried: not every region has one of its own, but all have the global one.
func (c *Config) IAMEndpoints() []string {
	switch {
	case c.IAMEndpoint != "":
		return []string{c.IAMEndpoint}
	case c.Region == "":
		return nil
	}
	return []string{c.regional("iam"), "https://iam." + domain(c.Region)}
}

// STS is the base URL of STS, or empty.
func (c *Config) STS() string {
	if c.STSEndpoint == "" && c.Region != "" {
		return c.regional("sts")
	}
	return c.STSEndpoint
}

func (c *Config) regional(service string) string {
	return "https://" + service + "." + c.Region + "." + domain(c.Region)
}

// domain is where the endpoints of a region are. The European site's regions are eu-west-1xx; eu-west-0 is older, and not among them.
func domain(region string) string {
	if strings.HasPrefix(region, "eu-west-1") {
		return "myhuaweicloud.eu"
	}
	return "myhuaweicloud.com"
}

// IsHuawei tells whether a base URL is on one of Huawei Cloud's own domains.
func IsHuawei(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil {
		return false
	}
	for _, domain := range []string{"myhuaweicloud.com", "myhuaweicloud.eu", "huaweicloud.com"} {
		if strings.HasSuffix(strings.ToLower(u.Hostname()), "."+domain) {
			return true
		}
	}
	return false
}

// LoginEndpoints are the base URLs that credentials, or what is exchanged for them, are sent to besides DMS's own.
func (c *Config) LoginEndpoints() []string {
	var used []string
	if c.Login.Way == ByAgency {
		used = append(used, c.STS())
	}
	if c.Login.Way == ByIdentityProvider || c.Login.Way == ByPassword || c.ProjectID == "" {
		used = append(used, c.IAMEndpoints()...)
	}
	return slices.Compact(used)
}
