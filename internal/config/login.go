package config

import (
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
)

// Way is a way to log in.
type Way int

// The ways there are, the first to be preferred by nobody: exactly one is given.
const (
	NoWay              Way = iota
	ByToken                // a ready IAM token
	ByKeys                 // an access key
	ByAgency               // an ID token, for keys of a trust agency
	ByIdentityProvider     // an ID token, by way of an IAM identity provider
	ByPassword             // an IAM user
	ByECS                  // the agency of the ECS that we are on
)

// Login is who we are, as far as the user tells it.
type Login struct {
	Way  Way
	From string // where it is from: flags, variables, a file

	AccessKey, SecretKey, SecurityToken string // ByKeys
	AuthToken                           string // ByToken
	ProviderURN, AgencyURN              string // ByAgency
	IDPID                               string // ByIdentityProvider
	Username, Password, DomainName      string // ByPassword

	// For ByAgency and ByIdentityProvider, where the ID token is from: one of these.
	IDToken             string
	IDTokenFile         string // read anew for each exchange
	ActionsURL          string // of the runner of GitHub Actions, with the token to ask it with
	ActionsRequestToken string
	Audience            string // the audience to ask it for

	ecsMetadata     bool
	credentialsFile string
}

// way describes how a way is told.
type way struct {
	way      Way
	inputs   []string // those that belong to it; one of them makes it the way that is meant
	required []string // those that it can't do without
}

var ways = []way{
	{ByToken, []string{"auth_token"}, []string{"auth_token"}},
	{ByKeys, []string{"access_key", "secret_key", "security_token"}, []string{"access_key", "secret_key"}},
	{ByAgency, []string{"provider_urn", "agency_urn"}, []string{"provider_urn", "agency_urn"}},
	{ByIdentityProvider, []string{"idp_id"}, []string{"idp_id"}},
	{ByPassword, []string{"username", "password", "domain_name"}, []string{"username", "password", "domain_name"}},
	{ByECS, []string{"ecs_metadata"}, nil},
}

const howToLogIn = "none were given: give provider_urn and agency_urn (keyless, in GitHub Actions or with id_token), access_key and secret_key, auth_token, " +
	"idp_id, username with password and domain_name, or ecs_metadata; or the variables HUAWEICLOUD_SDK_AK and _SK, HW_ACCESS_KEY and HW_SECRET_KEY, " +
	"HUAWEI_CLOUD_ACCESS_KEY_ID and HUAWEI_CLOUD_SECRET_ACCESS_KEY; or a profile in ~/.huaweicloud/credentials"

// resolveLogin finds the one way to log in: by inputs, else by one family of the cloud's variables, else by the profile.
func (c *Config) resolveLogin(getenv func(string) string) []Fault {
	var meant []way
	for _, w := range ways {
		given := slices.ContainsFunc(w.inputs, c.has)
		if w.way == ByECS {
			given = c.Login.ecsMetadata
		}
		if given {
			meant = append(meant, w)
		}
	}
	switch {
	case len(meant) > 1:
		return c.refuseSecond(meant)
	case len(meant) == 1:
		c.Login.Way = meant[0].way
		c.Login.From = c.Source(c.first(meant[0].inputs))
		if keyless := c.Login.Way == ByAgency || c.Login.Way == ByIdentityProvider; c.has("id_token") && !keyless {
			return []Fault{{"id_token", fmt.Sprintf("is given together with %s: log in one way", c.list(meant[0].inputs...))}}
		}
		return append(c.checkWhole(meant[0]), c.resolveIDToken(getenv)...)
	case c.has("id_token"):
		return []Fault{{"id_token", "is not enough to log in: give provider_urn and agency_urn, or idp_id, too"}}
	}
	for _, family := range families {
		if family.isThere(getenv) {
			return family.use(c, getenv)
		}
	}
	return c.useProfile(getenv)
}

// refuseSecond names every way but the first that is given.
func (c *Config) refuseSecond(meant []way) []Fault {
	var faults []Fault
	for _, second := range meant[1:] {
		faults = append(faults, Fault{c.first(second.inputs), fmt.Sprintf("is given together with %s: log in one way", c.list(meant[0].inputs...))})
	}
	return faults
}

// checkWhole finds what is missing of a way.
func (c *Config) checkWhole(w way) []Fault {
	var faults []Fault
	for _, name := range w.required {
		if !c.has(name) {
			faults = append(faults, Fault{name, c.missing(name, "it goes with "+c.list(w.inputs...))})
		}
	}
	return faults
}

// resolveIDToken finds where ID tokens are from, for the ways that need them.
func (c *Config) resolveIDToken(getenv func(string) string) []Fault {
	if c.Login.Way != ByAgency && c.Login.Way != ByIdentityProvider {
		return nil
	}
	if from := c.Source("id_token"); strings.HasSuffix(from, "_FILE") {
		if path := getenv(from); c.Login.IDToken != "" && isRereadable(path) {
			c.Login.IDToken, c.Login.IDTokenFile = "", path
		}
		return nil
	}
	if c.has("id_token") {
		return nil
	}
	if file := strings.TrimSpace(getenv("HUAWEICLOUD_SDK_ID_TOKEN_FILE")); file != "" {
		return c.useIDTokenFile("HUAWEICLOUD_SDK_ID_TOKEN_FILE", file)
	}
	c.Login.ActionsURL, c.Login.ActionsRequestToken = getenv("ACTIONS_ID_TOKEN_REQUEST_URL"), getenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
	if c.Login.ActionsRequestToken != "" {
		c.secrets = append(c.secrets, c.Login.ActionsRequestToken)
	}
	switch {
	case c.Login.ActionsURL != "" && c.Login.ActionsRequestToken != "":
		return checkActionsURL(c.Login.ActionsURL)
	case c.Actions:
		return []Fault{{"id_token", "the job may not ask for one: give it the permission, as in permissions: { id-token: write, contents: read }"}}
	}
	return []Fault{{"id_token", c.missing("id_token", "the OIDC token to log in with")}}
}

// checkActionsURL refuses a URL that would send the runner's token unencrypted, or nowhere. Its
// value is not shown: it may hold a secret.
func checkActionsURL(value string) []Fault {
	u, err := url.Parse(value)
	if err == nil && u.Hostname() != "" && isPort(u.Port()) &&
		(u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname())) {
		return nil
	}
	return []Fault{{"ACTIONS_ID_TOKEN_REQUEST_URL", "is not an https URL: leave it as the runner of GitHub Actions sets it, " +
		"or give one that begins with https:// (http:// is accepted for loopback hosts only)"}}
}

// useIDTokenFile takes a file with an ID token that another tool's variable or file names, if there is one in it.
func (c *Config) useIDTokenFile(from, path string) []Fault {
	token, err := readSecret(c.ctx, path)
	if err != nil {
		return []Fault{{from, err.Error()}}
	}
	c.secrets = append(c.secrets, token)
	if !isRereadable(path) {
		c.Login.IDToken = token
		return nil
	}
	c.Login.IDTokenFile = path
	return nil
}

// isRereadable tells whether a file holds its content for a second reading. A pipe, as a shell makes of <(command), would block it.
func isRereadable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// first is the first of these inputs that is given.
func (c *Config) first(names []string) string {
	for _, name := range names {
		if c.has(name) {
			return name
		}
	}
	return names[0]
}
