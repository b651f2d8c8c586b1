package report

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/dmswait/dmswait/internal/client"
)

// Asked is what was asked and of whom, for those who have to find out why the answer was no.
type Asked struct {
	Endpoint, Region, ProjectID, InstanceID string
	TaskName                                string    // empty when the task was asked for by its id
	Since                                   time.Time // with TaskName: the earliest creation time
	Keys                                    bool      // signed with keys, not a token
}

// Explain tells people what is behind the message of a report: lines that begin with "error: " or "hint: ", or give circumstances.
// There are none for a task that ended with SUCCESS.
func Explain(r Report, asked Asked) []string {
	var lines []string
	e := answerIn(r.Err)
	var faults Faults
	var bug Panic
	switch {
	case errors.As(r.Err, &faults):
		for _, fault := range faults {
			lines = append(lines, "error: "+fault)
		}
		return lines
	case errors.As(r.Err, &bug):
		lines = append(lines, "error: "+bug.Error())
		return append(lines, strings.Split(strings.TrimSpace(bug.Stack), "\n")...)
	case e != nil:
		lines = append(lines, "error: "+r.Hider.Error(e))
	}
	if r.TaskID != "" { // found by name, it was asked for by its id from then on
		asked.TaskName = ""
	}
	if r.Result == NotFound && e != nil {
		lines = append(lines, asked.String())
		lines = append(lines, listing(e, asked, r.Hider)...)
	}
	if hint := hint(r.Result, asked, e); hint != "" {
		lines = append(lines, "hint: "+hint)
	}
	return lines
}

func (a Asked) String() string {
	region := a.Region
	if region == "" {
		region = "not given"
	}
	return fmt.Sprintf("asked %s (region %s), project %s, instance %s", a.Endpoint, region, a.ProjectID, a.InstanceID)
}

// listing tells which tasks are there when none had the name asked for.
func listing(e *client.Error, asked Asked, hider *Hider) []string {
	if asked.TaskName == "" || e.Answer.StatusCode != 200 {
		return nil
	}
	if len(e.Seen) == 0 {
		return []string{"the instance has no tasks"}
	}
	const most = 10
	now := time.Now()
	var shown []string
	for _, task := range e.Seen[:min(len(e.Seen), most)] {
		age := "age unknown"
		if created, ok := task.Created(); ok {
			if server, ok := task.Answer.Clock(now); ok {
				age = Human(max(0, server.Sub(created)).Round(time.Second)) + " old"
			}
		}
		shown = append(shown, fmt.Sprintf("%s (%s, %s)", shorten(hider.Hide(task.Name)), age, shorten(hider.Hide(string(task.Status)))))
	}
	line := fmt.Sprintf("looked for %q created since %s; there are: %s", asked.TaskName, asked.Since.UTC().Format(time.RFC3339), strings.Join(shown, ", "))
	if more := len(e.Seen) - most; more > 0 {
		line += fmt.Sprintf(" and %d more", more)
	}
	lines := []string{line}
	if len(e.Seen) >= client.PageSize && allSince(e.Seen, asked.Since) {
		lines = append(lines, fmt.Sprintf("the page of %d tasks holds only ones created since then: the one looked for may be behind it", client.PageSize))
	}
	return lines
}

func allSince(tasks []client.Task, since time.Time) bool {
	for _, task := range tasks {
		if created, ok := task.Created(); ok && created.Before(since) {
			return false
		}
	}
	return true
}

func shorten(text string) string {
	const longest = 64
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest], "") + "…"
}

// hint tells what to do, where that is known; e is the answer that decided, or nil.
func hint(result Result, asked Asked, e *client.Error) string {
	switch {
	case result == Failure:
		return "the API does not say why a task failed: look at the instance's background tasks in the console"
	case result == Timeout:
		return "the task goes on: give it longer with timeout, or exit 0 with succeed_on: timeout"
	case e == nil:
		return ""
	case result == NotFound:
		return notFoundHint(asked, e)
	case result == Denied:
		return deniedHint(asked, e)
	case result == Usage:
		return "compare region, project_id, instance_id and task_id with the console: they must belong together"
	case result == Unavailable:
		return unavailableHint(asked, e)
	}
	return ""
}

func notFoundHint(asked Asked, e *client.Error) string {
	switch {
	case e.NoSuchAPI():
		return "this host has no such API: check region and endpoint"
	case asked.TaskName != "" && e.Answer.StatusCode == 200:
		return "take since just before the call that starts the task, by a right clock; the name must be equal to the letter"
	}
	return "check that region, project, instance and task belong together; scheduled, migration and connector tasks have ids of other APIs, which this one does not know"
}

func deniedHint(asked Asked, e *client.Error) string {
	switch {
	case e.Answer.StatusCode == 403:
		return "the user or agency needs the right to read DMS instances in this project (e.g. DMS ReadOnlyAccess); check project_id, too"
	case e.Code == "DMS.10240104":
		return "the token is for another project: project_id must be the token's"
	case !asked.Keys:
		return "the token is wrong, expired (they live 24 hours at most) or for another region: get a new one"
	}
	return "check that access_key and secret_key belong together and are active; temporary keys need their security_token and expire; do not try wrong keys often: more than 5 failures in a row lock an access key for 5 minutes"
}

func unavailableHint(asked Asked, e *client.Error) string {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var proxy *client.ProxyError
	switch {
	case errors.As(e.Err, &dns) && dns.IsNotFound:
		return fmt.Sprintf("the host name %s does not exist: check region and endpoint", dns.Name)
	case errors.As(e.Err, &certificate):
		return "the server's certificate is not trusted: behind a proxy that replaces certificates, name its CA's file in SSL_CERT_FILE"
	case errors.As(e.Err, &proxy) && proxy.StatusCode == 407:
		return "the proxy wants a login: HTTPS_PROXY=http://user:password@host:port"
	case e.Throttled():
		return "the account's requests are throttled: poll less often (interval, max_interval), or wait for fewer tasks at once"
	case e.Answer.StatusCode == 0:
		return fmt.Sprintf("%s was not reached: check network, proxy and endpoint", asked.Endpoint)
	}
	return "the API has trouble of its own: run it again, or bear with it for longer by max_outage"
}

// answerIn finds the answer that an error is about.
func answerIn(err error) *client.Error {
	var e *client.Error
	errors.As(err, &e)
	return e
}
