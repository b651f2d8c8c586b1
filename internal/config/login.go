package config

import (
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/dmswait/dmswait/internal/credential"
)

// resolveLogin determines the login method: by inputs, otherwise by one family of another tool's variables,
// otherwise by a profile.
func (p *parser) resolveLogin() {
	c := p.config
	selected := p.selectedMethods()
	switch {
	case len(selected) > 1 || len(selected) == 1 && c.has("credentials_file"):
		for _, other := range selected[1:] {
			p.fault(p.firstGiven(other), "cannot be combined with %s: use one login method", p.listGiven(selected[0]))
		}
		if c.has("credentials_file") {
			p.fault("credentials_file", "cannot be combined with %s: use one login method", p.listGiven(selected[0]))
		}
	case len(selected) == 1:
		method := selected[0]
		c.Login.Method, c.Login.From = method, c.Source(p.firstGiven(method))
		if c.has("id_token") && !method.IDToken {
			p.fault("id_token", "cannot be combined with %s: use one login method", p.listGiven(method))
			return
		}
		p.checkComplete(method)
		switch {
		case method.IDToken:
			p.resolveIDToken()
		case c.Login.Values["pod_identity"] != "":
			p.resolvePodIdentity()
		}
	case c.has("id_token") && c.has("credentials_file"):
		p.fault("id_token", "cannot be combined with credentials_file: use one login method")
	case c.has("id_token"):
		p.fault("id_token", "is not enough to log in: %s, are required as well", tokenMethods())
	case c.Login.profile != "":
		p.useProfile(c.Login.profile, c.Source("credentials_file"))
	case !c.has("credentials_file"): // otherwise it is not valid
		p.borrowLogin()
	}
}

// borrowLogin uses the credentials that another tool would use here.
func (p *parser) borrowLogin() {
	for _, family := range families {
		if b := family.read(p.getenv); b.present() {
			p.useFamily(&family, b)
			return
		}
	}
	if p.usePodIdentity() {
		return
	}
	p.useDefaultProfile()
}

// selectedMethods returns the methods of which an input is given.
func (p *parser) selectedMethods() []*credential.Method {
	var selected []*credential.Method
	for _, method := range credential.Methods {
		// A switch that is set to false selects nothing; a value that is not valid does.
		if slices.ContainsFunc(method.Inputs, func(name string) bool {
			return p.config.has(name) && (!p.input(name).Switch || p.config.Login.Values[name] != "")
		}) {
			selected = append(selected, method)
		}
	}
	return selected
}

// checkComplete notes the inputs that a method requires and that are not given.
func (p *parser) checkComplete(method *credential.Method) {
	for _, name := range method.Required {
		if !p.config.has(name) {
			why := ""
			if p.input(name).Secret {
				why = p.withheld()
			}
			p.fault(name, "is required with %s (%s)%s", p.listGiven(method), p.howToSet(name), why)
		}
	}
}

// firstGiven returns the first of a method's inputs that is given.
func (p *parser) firstGiven(method *credential.Method) string {
	return method.Inputs[slices.IndexFunc(method.Inputs, p.config.has)]
}

// listGiven returns the names of the method's inputs that are given: "username and password".
func (p *parser) listGiven(method *credential.Method) string {
	var given []string
	for _, name := range method.Inputs {
		if p.config.has(name) {
			given = append(given, name)
		}
	}
	return strings.Join(given, " and ")
}

// noCredentials returns what to do where there are no credentials: the list of login methods.
func noCredentials() string {
	var choices []string
	for _, method := range credential.Methods {
		choice := strings.Join(method.Required, " + ")
		if method.IDToken {
			choice += " (keyless, in GitHub Actions or with id_token)"
		}
		choices = append(choices, choice)
	}
	for _, family := range families {
		choices = append(choices, family.variables[0][1]+" + "+family.variables[1][1])
	}
	return "are required; give one of: " + strings.Join(choices, "; ") +
		"; or a profile in ~/.huaweicloud/credentials"
}

// tokenMethods returns what the methods that exchange an ID token require: "provider_urn and agency_urn, or
// idp_id".
func tokenMethods() string {
	var choices []string
	for _, method := range credential.Methods {
		if method.IDToken {
			choices = append(choices, strings.Join(method.Required, " and "))
		}
	}
	return strings.Join(choices, ", or ")
}

// resolveIDToken determines where ID tokens come from, for the methods that exchange one.
func (p *parser) resolveIDToken() {
	token := &p.config.Login.IDToken
	if from := p.config.Source("id_token"); from != "" {
		path, err := expandPath(p.getenv(from), p.config.home)
		if err == nil && strings.HasSuffix(from, "_FILE") && token.Value != "" && isRereadable(path) {
			token.Value, token.File = "", path
		}
		return
	}
	if file := strings.TrimSpace(p.getenv("HUAWEICLOUD_SDK_ID_TOKEN_FILE")); file != "" {
		const name = "HUAWEICLOUD_SDK_ID_TOKEN_FILE"
		p.useIDTokenFile(&named{input: name, from: name, value: file})
		return
	}
	token.ActionsURL = p.getenv("ACTIONS_ID_TOKEN_REQUEST_URL")
	token.ActionsRequestToken = p.getenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
	if token.ActionsRequestToken != "" {
		p.config.secrets = append(p.config.secrets, token.ActionsRequestToken)
	}
	switch {
	case token.ActionsURL != "" && token.ActionsRequestToken != "":
		if !isActionsURL(token.ActionsURL) { // the value is not shown: it may contain a secret
			p.fault("ACTIONS_ID_TOKEN_REQUEST_URL", "is not an https URL: "+
				"leave it as the runner of GitHub Actions sets it")
		}
	case p.config.Actions.On:
		why := p.withheld()
		if why == "" {
			why = "; a reusable workflow gets no more than the workflow that calls it has"
		}
		p.fault("id_token", "cannot be requested by this job: add permissions: { id-token: write, contents: read }%s", why)
	default:
		p.fault("id_token", "is required (%s): the OIDC token to log in with", p.howToSet("id_token"))
	}
}

// isActionsURL reports whether a URL may receive the runner's token: https, or http on a loopback host.
func isActionsURL(value string) bool {
	u, err := url.Parse(value)
	return err == nil && u.Hostname() != "" && isPort(u.Port()) &&
		(u.Scheme == "https" || u.Scheme == "http" && isLoopback(u.Hostname()))
}

// useIDTokenFile uses the file of an ID token that another tool's variable or profile names.
func (p *parser) useIDTokenFile(file *named) {
	token, ok := p.readToken(file)
	switch {
	case !ok:
	case isRereadable(file.value):
		p.config.Login.IDToken.File = file.value
	default:
		p.config.Login.IDToken.Value = token
	}
}

// readToken returns the token in a file that another tool's variable or profile names, and reports whether there is
// one.
func (p *parser) readToken(file *named) (token string, ok bool) {
	token, err := readSecret(p.ctx, p.input("id_token"), file.value)
	if err == nil {
		p.config.secrets = append(p.config.secrets, token)
		err = credential.CheckKey(token)
	}
	if err != nil {
		p.borrowedFault(file, "%v", err)
	}
	return token, err == nil
}

// isRereadable reports whether a file can be read a second time. A pipe, as a shell's <(command) makes one,
// cannot.
func isRereadable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}
