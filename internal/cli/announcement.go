package cli

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/result"
)

// announcement returns the first line of the log: who requests what from whom, so that nobody works with the
// wrong account unawares.
func (w *wait) announcement() string {
	task := "task " + w.cfg.TaskID
	if w.cfg.TaskID == "" {
		task = "task " + strconv.Quote(w.cfg.TaskName)
	}
	project := w.cfg.ProjectID
	if project == "" {
		project = w.cfg.ProjectName
	}
	doing := "waiting up to " + result.Human(w.cfg.Timeout) + " for"
	if w.cfg.Timeout == 0 {
		doing = "polling once:"
	}
	return fmt.Sprintf("%s %s of instance %s in project %s at %s with %s",
		doing, task, w.cfg.InstanceID, project, hosts(w.cfg), identity(w.cfg))
}

// hosts names the host of DMS, and points out every host outside the known clouds' domains.
func hosts(cfg *config.Config) string {
	text := cfg.Endpoint
	if u, err := url.Parse(text); err == nil {
		text = u.Host
	}
	if !config.IsKnown(cfg.Endpoint) {
		text += " (not a domain of Huawei Cloud)"
	}
	for _, login := range cfg.LoginEndpoints() {
		if login != cfg.Endpoint && !config.IsKnown(login) {
			text += ", logging in at " + strings.TrimPrefix(login, "https://") + " (not a domain of Huawei Cloud)"
		}
	}
	return text
}

// identity says with which credentials requests are sent, and where those come from. It makes no connection.
func identity(cfg *config.Config) string {
	return cfg.Login.Method.Describe(cfg.Login.Values) + " (from " + cfg.Login.From + ")"
}
