package config

import (
	"strings"

	"github.com/dmswait/dmswait/internal/credential"
	"github.com/dmswait/dmswait/internal/target"
)

// Input is one thing that a user can set. Its flag, its environment variables, action.yml, --help and the
// documentation's table all follow from it.
type Input struct {
	Name    string // snake_case
	Group   string // the heading it is shown under
	Action  bool   // an input of action.yml as well; the others are for the command line only
	Secret  bool   // no flag: comes from the environment or a file only
	Switch  bool   // true or false; its flag needs no value
	List    bool   // several values, separated by commas, blanks or line breaks; its flag may be repeated
	Default string // as a user would write it; empty: none
	Derived string // the default in words, where it depends on something else
	Meaning string // one line

	set func(value string) error // checks and stores a value; the error's text continues a sentence: "region …"
}

// Flag returns the name on the command line, without dashes.
func (in *Input) Flag() string { return strings.ReplaceAll(in.Name, "_", "-") }

// Env returns the name of the environment variable.
func (in *Input) Env() string { return "DMSWAIT_" + in.upper() }

// ShownDefault returns the default as people read it, or "" where there is none.
func (in *Input) ShownDefault() string {
	if in.Default != "" && in.Derived != "" {
		return in.Default + ", " + in.Derived
	}
	return in.Default + in.Derived
}

func (in *Input) upper() string { return strings.ToUpper(in.Name) }

// The headings of the inputs, in the order in which they are shown.
const (
	GroupTarget  = "Target"
	GroupWaiting = "Waiting"
	GroupLogin   = "Login"
	GroupResult  = "Result"
)

// Inputs returns all inputs, in the order in which they are shown.
func Inputs() []Input { return new(Config).inputs() }

// inputs returns the table of inputs, each of which sets its field of c.
func (c *Config) inputs() []Input {
	return []Input{
		{Name: "instance_id", Group: GroupTarget, Action: true, List: true, set: ids(&c.instances),
			Meaning: "id of the instance, or of several; not needed if each task_id has it"},
		{Name: "task_id", Group: GroupTarget, Action: true, List: true, set: taskIDs(&c.tasks),
			Meaning: "id of the task, or of several; also as INSTANCE/TASK"},
		{Name: "task_name", Group: GroupTarget, Action: true, set: oneLine(&c.taskName),
			Meaning: "instead of task_id: the newest task with this name created after since"},
		{Name: "since", Group: GroupTarget, Action: true, set: since(&c.Since),
			Meaning: "with task_name: the time just before the call that starts the task, " +
				"or how long ago by the server's clock (5m)"},
		{Name: "until", Group: GroupTarget, Action: true, set: choice(&c.until, target.Untils()...),
			Meaning: "instead of a task: until the instance is ready, idle or deleted"},
		{Name: "settle", Group: GroupTarget, Action: true, Default: "10s", Derived: "half of timeout if shorter",
			set: duration(&c.Settle), Meaning: "with until: how long ready or idle must last to count"},
		{Name: "fail_fast", Group: GroupTarget, Action: true, Switch: true, Default: "false", set: boolean(&c.FailFast),
			Meaning: "stop as soon as one of several targets does not succeed"},
		{Name: "region", Group: GroupTarget, Action: true, set: region(&c.Region),
			Meaning: "e.g. cn-north-4; required unless endpoint and project are given"},
		{Name: "project_id", Group: GroupTarget, Action: true, Derived: "looked up by name", set: id(&c.ProjectID),
			Meaning: "the project of the instance"},
		{Name: "project_name", Group: GroupTarget, Action: true, Derived: "the region", set: oneLine(&c.ProjectName),
			Meaning: "the project to look up, e.g. cn-north-4_prod"},
		{Name: "endpoint", Group: GroupTarget, Action: true, Derived: "from region", set: endpoint("dms", &c.Endpoint),
			Meaning: "base URL of the DMS API, e.g. https://dms.cn-north-4.myhuaweicloud.com"},

		{Name: "timeout", Group: GroupWaiting, Action: true, Default: "1h", set: duration(&c.Timeout),
			Meaning: "longest wait; at 0, the first valid response decides"},
		{Name: "interval", Group: GroupWaiting, Action: true, Default: "1s", set: pause(&c.Interval),
			Meaning: "first pause between polls"},
		{Name: "max_interval", Group: GroupWaiting, Action: true, Default: "25s", Derived: "or interval if longer",
			set: pause(&c.MaxInterval), Meaning: "longest pause between polls, before jitter"},
		{Name: "not_found_grace", Group: GroupWaiting, Action: true, Default: "30s", Derived: "0 at timeout 0",
			set:     duration(&c.NotFoundGrace),
			Meaning: "longest time the task may be missing"},
		{Name: "max_outage", Group: GroupWaiting, Action: true, Default: "15m", Derived: "30s at timeout 0",
			set:     duration(&c.MaxOutage),
			Meaning: "longest time without a valid response"},
		{Name: "request_timeout", Group: GroupWaiting, Default: "10s", set: pause(&c.RequestTimeout),
			Meaning: "longest time for one request"},

		{Name: "provider_urn", Group: GroupLogin, Action: true, set: c.credential("provider_urn", credential.CheckKey),
			Meaning: "keyless: the OIDC provider, iam::<account>:oidcProvider:<name>; with agency_urn"},
		{Name: "agency_urn", Group: GroupLogin, Action: true, set: c.credential("agency_urn", credential.CheckKey),
			Meaning: "keyless: the trust agency, iam::<account>:agency:<name>"},
		{Name: "oidc_audience", Group: GroupLogin, Action: true, Default: "sts.huaweicloud.com",
			set: oneLine(&c.Login.Audience), Meaning: "audience of the ID token that is requested from GitHub"},
		{Name: "idp_id", Group: GroupLogin, set: c.credential("idp_id", credential.CheckKey),
			Meaning: "keyless: the id of an IAM identity provider"},
		{Name: "id_token", Group: GroupLogin, Secret: true, set: c.idToken(credential.CheckKey),
			Meaning: "keyless outside GitHub Actions: the OIDC token"},
		{Name: "access_key", Group: GroupLogin, Action: true, set: c.credential("access_key", credential.CheckKey),
			Meaning: "access key (AK), permanent or temporary"},
		{Name: "secret_key", Group: GroupLogin, Action: true, Secret: true, set: c.credential("secret_key", credential.CheckKey),
			Meaning: "the secret key (SK) of access_key"},
		{Name: "security_token", Group: GroupLogin, Action: true, Secret: true,
			set: c.credential("security_token", credential.CheckKey), Meaning: "the security token, if the keys are temporary"},
		{Name: "auth_token", Group: GroupLogin, Action: true, Secret: true, set: c.credential("auth_token", credential.CheckKey),
			Meaning: "a project-scoped IAM token"},
		{Name: "username", Group: GroupLogin, set: c.credential("username", noControls),
			Meaning: "IAM user; with password and domain_name"},
		{Name: "domain_name", Group: GroupLogin, set: c.credential("domain_name", noControls),
			Meaning: "the account of the IAM user"},
		{Name: "password", Group: GroupLogin, Secret: true, set: c.credential("password", password),
			Meaning: "the password of the IAM user"},
		{Name: "ecs_metadata", Group: GroupLogin, Switch: true, Default: "false", set: c.switched("ecs_metadata"),
			Meaning: "log in with the agency of the ECS that dmswait runs on"},
		{Name: "pod_identity", Group: GroupLogin, Switch: true, Default: "false", set: c.switched("pod_identity"),
			Meaning: "log in with the CCE pod identity of the pod that dmswait runs in"},
		{Name: "credentials_file", Group: GroupLogin, Derived: "~/.huaweicloud/credentials",
			set:     c.path(&c.Login.profile),
			Meaning: "log in with a profile in the official SDK's format"},
		{Name: "iam_endpoint", Group: GroupLogin, Derived: "from region", set: endpoint("iam", &c.IAMEndpoint),
			Meaning: "base URL of IAM"},
		{Name: "sts_endpoint", Group: GroupLogin, Derived: "from region", set: endpoint("sts", &c.STSEndpoint),
			Meaning: "base URL of STS"},

		{Name: "succeed_on", Group: GroupResult, Action: true, List: true, set: succeedOn(&c.SucceedOn),
			Meaning: "results that also exit 0: " + strings.Join(tolerable, ", ")},
		{Name: "format", Group: GroupResult, Default: "text", set: choice(&c.Format, "text", "json", "none"),
			Meaning: "format of the result on stdout: text, json, none"},
		{Name: "log_format", Group: GroupResult, Default: "text", set: choice(&c.LogFormat, "text", "json"),
			Meaning: "log format on stderr: text, json (one object per line)"},
		{Name: "quiet", Group: GroupResult, Switch: true, Default: "false", set: boolean(&c.Quiet),
			Meaning: "no log and no text result if it exits 0 or the task is still running"},
		{Name: "debug", Group: GroupResult, Switch: true, Default: "false", Derived: "true with RUNNER_DEBUG=1",
			set: boolean(&c.Debug), Meaning: "log a line for each request"},
		{Name: "output_file", Group: GroupResult, set: c.path(&c.OutputFile),
			Meaning: "also write the result to this file: JSON if it ends in .json, else dotenv"},
		{Name: "output_prefix", Group: GroupResult, Default: "DMS_", set: prefix(&c.OutputPrefix),
			Meaning: "prefix of the keys in dotenv"},
		{Name: "results_dir", Group: GroupResult, set: c.path(&c.ResultsDir),
			Meaning: "also write one file per output into this folder (Tekton, Argo)"},
		{Name: "dry_run", Group: GroupResult, Switch: true, Default: "false", set: boolean(&c.DryRun),
			Meaning: "check the inputs and show the plan; send nothing"},
	}
}

// tolerable are the results that succeed_on may name.
var tolerable = []string{"failure", "cancelled", "not_found", "timeout", "running", "unavailable"}

// input returns the input with that name. There must be one.
func (p *parser) input(name string) *Input {
	for i := range p.inputs {
		if in := &p.inputs[i]; in.Name == name {
			return in
		}
	}
	panic("no input " + name)
}

// howToSet returns how a user sets an input here: "--task-id or DMSWAIT_TASK_ID" or, in GitHub Actions, "under
// with:, or in DMSWAIT_TASK_ID". It names the variables that are near misses.
func (p *parser) howToSet(name string) string {
	in := p.input(name)
	how := "--" + in.Flag() + " or " + in.Env()
	switch {
	case p.config.Actions.On && in.Action:
		how = "under with:, or in " + in.Env()
	case p.inPlugin():
		how = "under settings:, or in " + in.Env()
	case in.Secret:
		how = in.Env() + " or " + in.Env() + "_FILE"
	}
	return how + p.nearMiss(name)
}
