package config

import "strings"

// withheld says why GitHub may have given this run neither an ID token nor secrets, as far as the environment shows
// it; empty: it shows nothing of the kind. The text continues an error about what is missing.
func (p *parser) withheld() string {
	event := p.getenv("GITHUB_EVENT_NAME")
	switch {
	case !p.config.Actions.On:
		return ""
	case p.getenv("GITHUB_ACTOR") == "dependabot[bot]":
		return "; GitHub gives a run that Dependabot starts no ID token, and only the secrets that are stored for Dependabot"
	// Those of pull_request_target run in the base repository, with all that belongs to it.
	case strings.HasPrefix(event, "pull_request") && event != "pull_request_target":
		return "; GitHub gives a run for a pull request from a fork neither an ID token nor secrets, whatever its permissions"
	}
	return ""
}
