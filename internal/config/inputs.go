package config

import (
	"strings"
)

// Input is one thing that a user can tell. Its flag, its environment variables, action.yml, --help and README's table all follow from it.
type Input struct {
	Name    string // snake_case
	Group   string // the heading it stands under
	Action  bool   // an input of action.yml; the rest is for the command line alone
	Secret  bool   // has no flag: from the environment or a file only
	Switch  bool   // true or false; its flag needs no value
	Default string // as people are told it; empty: none, or Meaning tells
	Meaning string // one line
	set     func(c *Config, value string) error
}

// Flag is the name on the command line, without its dashes.
func (in Input) Flag() string { return strings.ReplaceAll(in.Name, "_", "-") }

// Env is the name of the environment variable.
func (in Input) Env() string { return "DMSWAIT_" + in.upper() }

func (in Input) upper() string { return strings.ToUpper(in.Name) }

// The headings of the inputs, in the order in which people meet them.
const (
	GroupTask    = "Task"
	GroupWaiting = "Waiting"
	GroupLogin   = "Login"
	GroupResult  = "Result"
)

// Inputs are all inputs there are, in the order in which they are shown.
func Inputs() []Input {
	return []Input{
		{Name: "instance_id", Group: GroupTask, Action: true, Default: "required", Meaning: "the instance whose task it is", set: id(func(c *Config) *string { return &c.InstanceID })},
		{Name: "task_id", Group: GroupTask, Action: true, Meaning: "the task; exactly one of task_id and task_name", set: id(func(c *Config) *string { return &c.TaskID })},
		{Name: "task_name", Group: GroupTask, Action: true, Meaning: "instead: the newest task of this name that was created after the time in since, e.g. bindInstancePublicIp", set: name(func(c *Config) *string { return &c.TaskName })},
		{Name: "since", Group: GroupTask, Action: true, Meaning: "with task_name: the time before the call that starts the task (2026-01-02T03:04:05Z), or a duration back from the server's clock (5m)", set: since},
		{Name: "region", Group: GroupTask, Action: true, Meaning: "e.g. cn-north-4; needed where an endpoint or the project's name is derived from it", set: region},
		{Name: "project_id", Group: GroupTask, Action: true, Default: "looked up by name", Meaning: "the project of the instance", set: id(func(c *Config) *string { return &c.ProjectID })},
		{Name: "project_name", Group: GroupTask, Action: true, Default: "the region", Meaning: "the project to look up, e.g. cn-north-4_prod", set: name(func(c *Config) *string { return &c.ProjectName })},
		{Name: "endpoint", Group: GroupTask, Action: true, Default: "from region", Meaning: "base URL of the DMS API, e.g. https://dms.cn-north-4.myhuaweicloud.com", set: endpoint(func(c *Config) *string { return &c.Endpoint })},

		{Name: "timeout", Group: GroupWaiting, Action: true, Default: "1h", Meaning: "longest wait; 0 looks once", set: duration(func(c *Config) *optional { return &c.timeout }, mayBeZero)},
		{Name: "interval", Group: GroupWaiting, Action: true, Default: "1s", Meaning: "first pause between two polls", set: duration(func(c *Config) *optional { return &c.interval }, aPause)},
		{Name: "max_interval", Group: GroupWaiting, Action: true, Default: "25s, or interval if longer", Meaning: "longest pause, before jitter", set: duration(func(c *Config) *optional { return &c.maxInterval }, aPause)},
		{Name: "not_found_grace", Group: GroupWaiting, Action: true, Default: "30s", Meaning: "how long a task may be missing before that is final", set: duration(func(c *Config) *optional { return &c.grace }, mayBeZero)},
		{Name: "max_outage", Group: GroupWaiting, Action: true, Default: "15m", Meaning: "how long the API may go without one good answer", set: duration(func(c *Config) *optional { return &c.maxOutage }, mayBeZero)},
		{Name: "request_timeout", Group: GroupWaiting, Default: "10s", Meaning: "longest time for one request", set: duration(func(c *Config) *optional { return &c.requestTimeout }, aPause)},

		{Name: "provider_urn", Group: GroupLogin, Action: true, Meaning: "keyless: the OIDC provider, iam::<account>:oidcProvider:<name>; with agency_urn", set: plain(func(c *Config) *string { return &c.Login.ProviderURN })},
		{Name: "agency_urn", Group: GroupLogin, Action: true, Meaning: "keyless: the trust agency, iam::<account>:agency:<name>", set: plain(func(c *Config) *string { return &c.Login.AgencyURN })},
		{Name: "oidc_audience", Group: GroupLogin, Action: true, Default: "sts.huaweicloud.com", Meaning: "the audience to ask GitHub's ID token for", set: name(func(c *Config) *string { return &c.Login.Audience })},
		{Name: "idp_id", Group: GroupLogin, Meaning: "keyless, by an IAM identity provider instead: its id", set: plain(func(c *Config) *string { return &c.Login.IDPID })},
		{Name: "id_token", Group: GroupLogin, Secret: true, Meaning: "keyless outside of GitHub Actions: the OIDC token", set: plain(func(c *Config) *string { return &c.Login.IDToken })},
		{Name: "access_key", Group: GroupLogin, Action: true, Meaning: "access key (AK), permanent or temporary", set: plain(func(c *Config) *string { return &c.Login.AccessKey })},
		{Name: "secret_key", Group: GroupLogin, Action: true, Secret: true, Meaning: "its secret key (SK)", set: plain(func(c *Config) *string { return &c.Login.SecretKey })},
		{Name: "security_token", Group: GroupLogin, Action: true, Secret: true, Meaning: "the security token that belongs to temporary keys", set: plain(func(c *Config) *string { return &c.Login.SecurityToken })},
		{Name: "auth_token", Group: GroupLogin, Action: true, Secret: true, Meaning: "a ready project-scoped IAM token", set: plain(func(c *Config) *string { return &c.Login.AuthToken })},
		{Name: "username", Group: GroupLogin, Meaning: "IAM user; with password and domain_name", set: name(func(c *Config) *string { return &c.Login.Username })},
		{Name: "domain_name", Group: GroupLogin, Meaning: "the account of the IAM user", set: name(func(c *Config) *string { return &c.Login.DomainName })},
		{Name: "password", Group: GroupLogin, Secret: true, Meaning: "the password of the IAM user", set: private(func(c *Config) *string { return &c.Login.Password })},
		{Name: "ecs_metadata", Group: GroupLogin, Switch: true, Default: "false", Meaning: "log in by the agency of the ECS that dmswait runs on", set: boolean(func(c *Config) *bool { return &c.Login.ecsMetadata })},
		{Name: "credentials_file", Group: GroupLogin, Default: "~/.huaweicloud/credentials", Meaning: "profile in the official SDK's format, for when nothing else is given", set: name(func(c *Config) *string { return &c.Login.credentialsFile })},
		{Name: "iam_endpoint", Group: GroupLogin, Default: "from region", Meaning: "base URL of IAM", set: endpoint(func(c *Config) *string { return &c.IAMEndpoint })},
		{Name: "sts_endpoint", Group: GroupLogin, Default: "from region", Meaning: "base URL of STS", set: endpoint(func(c *Config) *string { return &c.STSEndpoint })},

		{Name: "succeed_on", Group: GroupResult, Action: true, Meaning: "further results that exit 0, with commas: " + strings.Join(tolerable, ", "), set: succeedOn},
		{Name: "format", Group: GroupResult, Default: "text", Meaning: "the result on stdout: text, json, none", set: choice(func(c *Config) *string { return &c.Format }, "text", "json", "none")},
		{Name: "log_format", Group: GroupResult, Default: "text", Meaning: "the log on stderr: text, json (an object a line)", set: choice(func(c *Config) *string { return &c.LogFormat }, "text", "json")},
		{Name: "quiet", Group: GroupResult, Switch: true, Default: "false", Meaning: "nothing on stderr, no text on stdout, if the exit code is 0 or the result running", set: boolean(func(c *Config) *bool { return &c.Quiet })},
		{Name: "debug", Group: GroupResult, Switch: true, Default: "false; true with RUNNER_DEBUG=1", Meaning: "a line on stderr for each request", set: boolean(func(c *Config) *bool { return &c.Debug })},
		{Name: "output_file", Group: GroupResult, Meaning: "also write the result here: .json JSON, else dotenv", set: name(func(c *Config) *string { return &c.OutputFile })},
		{Name: "output_prefix", Group: GroupResult, Default: "DMS_", Meaning: "before the keys in dotenv", set: prefix},
		{Name: "results_dir", Group: GroupResult, Meaning: "also write one file for each output into this folder (Tekton, Argo)", set: name(func(c *Config) *string { return &c.ResultsDir })},
		{Name: "dry_run", Group: GroupResult, Switch: true, Default: "false", Meaning: "check the inputs and show the plan on stdout; send nothing", set: boolean(func(c *Config) *bool { return &c.DryRun })},
	}
}

// tolerable are the results that succeed_on may name.
var tolerable = []string{"failure", "cancelled", "not_found", "timeout", "running", "unavailable"}

// inputNamed finds an input that is known to be there.
func inputNamed(name string) Input {
	for _, in := range Inputs() {
		if in.Name == name {
			return in
		}
	}
	panic("no input " + name)
}
