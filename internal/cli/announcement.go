package cli

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/result"
	"github.com/dmswait/dmswait/internal/target"
)

// announcement returns the first line of the log: who requests what from whom, so that nobody uses the
// wrong account without noticing.
func (w *wait) announcement() string {
	project := w.cfg.ProjectID
	if project == "" {
		project = w.cfg.ProjectName
	}
	doing := "waiting up to " + result.Human(w.cfg.Timeout) + " for"
	if w.cfg.Timeout == 0 {
		doing = "looking once at"
	}
	return fmt.Sprintf("%s %s in project %s at %s with %s",
		doing, subject(w.cfg.Targets), project, hosts(w.cfg), identity(w.cfg))
}

// subject says what is waited for.
func subject(targets []target.Target) string {
	first, instances := targets[0], len(target.Sources(targets))
	of := " of instance " + first.InstanceID
	if instances > 1 {
		of = fmt.Sprintf(" of %d instances", instances)
	}
	switch {
	case first.Until != "" && instances > 1:
		return fmt.Sprintf("%d instances to be %s", instances, first.Until)
	case first.Until != "":
		return fmt.Sprintf("instance %s to be %s", first.InstanceID, first.Until)
	case first.TaskName != "":
		return "task " + strconv.Quote(first.TaskName) + of
	case len(targets) > 1:
		return fmt.Sprintf("%d tasks%s", len(targets), of)
	}
	return "task " + first.TaskID + of
}

// hosts names the host of DMS and the proxy that leads to it, and points out every host outside the known clouds' domains.
func hosts(cfg *config.Config) string {
	text := cfg.Endpoint
	if u, err := url.Parse(text); err == nil {
		text = u.Host
	}
	if !config.IsKnown(cfg.Endpoint) {
		text += " (not a domain of Huawei Cloud)"
	}
	if proxy := client.ProxyFor(cfg.Endpoint); proxy.Host != "" {
		text += " through the proxy " + proxy.Host
	}
	for _, login := range cfg.LoginEndpoints() {
		if login != cfg.Endpoint && !config.IsKnown(login) {
			text += ", logging in at " + strings.TrimPrefix(login, "https://") + " (not a domain of Huawei Cloud)"
		}
	}
	return text
}

// identity returns which credentials requests are sent with, and where those come from. It makes no connection.
func identity(cfg *config.Config) string {
	return cfg.Login.Method.Describe(cfg.Login.Values) + " (from " + cfg.Login.From + ")"
}
