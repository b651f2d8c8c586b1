package config

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"
)

// checkTogether finds what is wrong between inputs that are each right, or not there.
func (c *Config) checkTogether() []Fault {
	var faults []Fault
	fault := func(input, problem string) { faults = append(faults, Fault{input, problem}) }

	if !c.has("instance_id") {
		fault("instance_id", c.missing("instance_id", "the id of the instance"))
	}
	switch {
	case c.has("task_id") && c.has("task_name"):
		fault("task_id", "is given together with task_name: give one of the two")
	case !c.has("task_id") && !c.has("task_name"):
		fault("task_id", c.missing("task_id", "the id of the task, or task_name and since"))
	case c.has("task_name") && !c.has("since"):
		fault("since", c.missing("since", "the time before the call that starts the task, since an older task of the same name would be taken for it"))
	}
	if why := c.needsRegion(); why != "" && !c.has("region") {
		fault("region", c.missing("region", "e.g. cn-north-4; "+why))
	}
	if c.maxInterval.given && c.MaxInterval < c.Interval {
		fault("max_interval", fmt.Sprintf("%v is shorter than interval (%v)", c.MaxInterval, c.Interval))
	}
	return faults
}

// needsRegion tells what can't be known without a region, if anything.
func (c *Config) needsRegion() string {
	iam := c.Login.Way == ByIdentityProvider || c.Login.Way == ByPassword || !c.has("project_id")
	switch {
	case !c.has("endpoint"):
		return "without it, endpoint is needed"
	case !c.has("project_id") && !c.has("project_name"):
		return "without it, project_id or project_name is needed"
	case iam && !c.has("iam_endpoint"):
		return "without it, iam_endpoint is needed"
	case c.Login.Way == ByAgency && !c.has("sts_endpoint"):
		return "without it, sts_endpoint is needed"
	}
	return ""
}

func (c *Config) list(names ...string) string {
	var given []string
	for _, name := range names {
		if c.has(name) {
			given = append(given, name)
		}
	}
	return strings.Join(given, " and ")
}

// missing says that an input is needed, what it is, and how it is given here.
func (c *Config) missing(name, what string) string {
	return "is missing: " + what + c.hereAs(name)
}

func (c *Config) hereAs(name string) string {
	for _, in := range Inputs() {
		switch {
		case in.Name != name:
		case c.Actions && in.Action:
			return fmt.Sprintf(" (under with:, or in %s)", in.Env())
		case in.Secret:
			return fmt.Sprintf(" (%s or %s_FILE)", in.Env(), in.Env())
		default:
			return fmt.Sprintf(" (--%s or %s)", in.Flag(), in.Env())
		}
	}
	return ""
}

// checkSurroundings finds what would make the run fail late or in an odd place: the proxy's address, and where outputs go.
func checkSurroundings(c *Config, getenv func(string) string) []Fault {
	var faults []Fault
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"} {
		if value := getenv(name); value != "" && !isProxy(value) {
			// Its value is not shown: it may hold a password.
			faults = append(faults, Fault{name, "is not the address of a proxy: give a URL as in http://proxy.example.com:3128"})
		}
	}
	if c.Actions {
		c.StepSummary = getenv("GITHUB_STEP_SUMMARY")
		ctx, cancel := lingering(c.ctx, time.Second)
		defer cancel()
		check := func() ([]byte, error) { return nil, checkOutput(getenv("GITHUB_OUTPUT")) }
		if _, err := soon(ctx, check); err != nil { // a device may keep whoever opens it waiting, and a disk may hang
			faults = append(faults, Fault{"GITHUB_OUTPUT", err.Error()})
		} else {
			c.GitHubOutput = getenv("GITHUB_OUTPUT")
		}
	}
	return faults
}

// lingering returns a context that ends a while after ctx: an interrupted run writes its outputs, too.
func lingering(ctx context.Context, while time.Duration) (context.Context, func()) {
	late, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		time.AfterFunc(while, func() { cancel(context.Cause(ctx)) })
	})
	return late, func() {
		stop()
		cancel(nil)
	}
}

// isProxy tells whether net/http takes the value: a URL, or a host with a port.
func isProxy(value string) bool {
	if !strings.Contains(value, "://") {
		value = "http://" + value
	}
	u, err := url.Parse(value)
	if err != nil || u.Hostname() == "" || strings.HasSuffix(u.Host, ":") || !isPort(u.Port()) {
		return false
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
		return true
	}
	return false
}

// checkOutput tries the file of step outputs before anything is asked of anybody.
func checkOutput(path string) error {
	if path == "" {
		return fmt.Errorf("is missing, though GITHUB_ACTIONS is true: a job's runner sets it, and a container needs it and its file passed in")
	}
	if info, err := os.Stat(path); err == nil && (info.IsDir() || info.Mode()&os.ModeNamedPipe != 0) {
		return fmt.Errorf("%s is not a file", quote(path))
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("can't be written: %w", err)
	}
	return file.Close()
}
