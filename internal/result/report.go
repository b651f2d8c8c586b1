package result

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/credential"
	"github.com/dmswait/dmswait/internal/poll"
	"github.com/dmswait/dmswait/internal/sanitize"
	"github.com/dmswait/dmswait/internal/target"
)

// Report is everything that a finished wait has to say about a target. Every form of it, for people and for machines,
// is made from this one. The report of a run is that of the target that decides; see Decide.
type Report struct {
	Result   Result
	Err      error            // why the target's end is not known; nil when it has ended
	Target   target.Target    // its TaskID is empty when the task was not found by name
	State    target.State     // as last seen; zero when it never was
	Progress *client.Progress // as last seen; nil when it never was
	Waited   time.Duration    // by this process
	Polls    int              // status requests sent, for all targets
	At       time.Time        // the end of the wait, by the local clock
	Secrets  *sanitize.Secrets

	All []Report // of a run: the reports of all targets, in the order given
}

// Message returns one sentence in our own words. Of the service's text it contains the status, the code, the task's
// name and ids only, as far as they are words, and it names no host, region or project. The message about a run says
// how many of its targets did not succeed, and what became of the one that decides.
func (r *Report) Message() string {
	total, open, failed := r.count()
	if total < 2 || errors.As(r.Err, new(config.Faults)) { // which are those of the run
		return r.message()
	}
	of := fmt.Sprintf("of %d %ss", total, r.Kind())
	counts := ""
	switch {
	case open+failed == 0:
		return r.allSucceeded(total)
	case failed == 0:
		counts = fmt.Sprintf("%d %s had not ended", open, of)
	case open == 0:
		counts = fmt.Sprintf("%d %s did not succeed", failed, of)
	default:
		counts = fmt.Sprintf("%d %s did not succeed, %d had not ended", failed, of, open)
	}
	if r.Result.Name == interrupted {
		return fmt.Sprintf("Interrupted%s: %s.", r.bySignal(), counts)
	}
	return counts + ": " + r.message()
}

// allSucceeded returns the message about several targets that all succeeded.
func (r *Report) allSucceeded(total int) string {
	all, how := fmt.Sprintf("All %d", total), "succeeded"
	if total == 2 {
		all = "Both"
	}
	if r.Target.Until != "" {
		how = "are " + string(r.Target.Until)
	}
	return fmt.Sprintf("%s %ss %s.", all, r.Kind(), how)
}

// count returns how many targets there are, how many of them had not ended when the wait did, and how many did not
// succeed for another reason.
func (r *Report) count() (total, open, failed int) {
	for i := range r.All {
		switch each := &r.All[i]; {
		case each.Result == Success:
		case each.Result == Timeout, each.Result == Running, each.Result.Name == interrupted:
			open++
		default:
			failed++
		}
	}
	return len(r.All), open, failed
}

// Kind returns what the target is: a task or an instance.
func (r *Report) Kind() string {
	if r.Target.Until != "" {
		return "instance"
	}
	return "task"
}

func (r *Report) message() string {
	subject := capitalized(r.subject())
	switch r.Result {
	case Success, Failure, Cancelled:
		return r.ended()
	case Timeout:
		return r.timedOut()
	case Running:
		if errors.Is(r.Err, poll.ErrStopped) {
			return fmt.Sprintf("%s had not ended when the wait stopped.", subject)
		}
		return fmt.Sprintf("%s is %s.", subject, r.standing())
	case NotFound:
		if e := responseError(r.Err); e != nil && e.NoSuchAPI() {
			return fmt.Sprintf("The endpoint has no such API%s.", r.cause())
		}
		return fmt.Sprintf("%s was not found%s%s.", subject, r.limitAndCause("within"), r.clockError())
	case Unavailable:
		return r.unavailable()
	case Denied:
		return r.denied()
	case Usage:
		return r.usage()
	}
	if r.Result.Name == interrupted {
		return r.interrupted()
	}
	return "Internal error: this is a bug in dmswait." // Internal, and a result without a message
}

// ended says how the target ended.
func (r *Report) ended() string {
	subject := capitalized(r.subject())
	switch {
	case r.Target.Until != "" && r.Result == Success:
		return fmt.Sprintf("%s is %s.", subject, r.Target.Until)
	case r.Target.Until != "":
		return fmt.Sprintf("%s cannot become %s: its status is %s.", subject, r.Target.Until, r.status())
	}
	text := fmt.Sprintf("%s ended with %s", subject, r.status())
	if took, ok := r.State.Task.Elapsed(r.At); ok {
		text += " after " + Human(took)
	}
	if ago := r.endedBefore(); ago > earlier {
		text += fmt.Sprintf(", %s before the wait began", Human(ago.Round(time.Second)))
	}
	return text + "."
}

// earlier is how long before the wait a task has to have ended for the message to say so.
const earlier = time.Minute

// endedBefore returns how long before the wait began the task ended, by the server's clock; 0: it did not, or that is
// not known.
func (r *Report) endedBefore() time.Duration {
	since, ok := r.State.Task.SinceEnd(r.At)
	if !ok {
		return 0
	}
	return max(0, since-r.Waited)
}

func (r *Report) timedOut() string {
	if responseError(r.Err) != nil { // the last response was missing or failing
		return fmt.Sprintf("Timed out after %s: %s was %s when last seen; its state is now unknown%s.",
			Human(r.Waited), r.subject(), r.standing(), r.cause())
	}
	return fmt.Sprintf("Timed out after %s: %s is still %s.", Human(r.Waited), r.subject(), r.standing())
}

// maxClockError is how far the local clock may be off before it is said to be: the server's has whole seconds only.
const maxClockError = 2 * time.Second

// clockError says how far the local clock was off when a search by name found nothing, since a time for since that was
// taken from it is off by as much; empty: it is not off, or that is not known.
func (r *Report) clockError() string {
	var none *client.NoTaskError
	if !r.isSearch() || !errors.As(r.Err, &none) {
		return ""
	}
	response := responseError(r.Err).Response
	server, ok := response.Clock(response.ReceivedAt)
	off, side := response.ReceivedAt.Sub(server), "ahead of"
	if off < 0 {
		side = "behind"
	}
	if !ok || off.Abs() <= maxClockError {
		return ""
	}
	return fmt.Sprintf("; the local clock is %s %s the server's", Human(off.Abs().Round(time.Second)), side)
}

func (r *Report) unavailable() string {
	problem := r.trouble(responseError(r.Err))
	if login := loginError(r.Err); login != nil && login.Reason != "" {
		problem = "Login failed: " + login.Reason
	}
	return fmt.Sprintf("%s; the %s's state is unknown.", problem, r.Kind())
}

func (r *Report) denied() string {
	problem, e := r.service()+" refused the credentials", responseError(r.Err)
	if e != nil && e.Foreign {
		return r.trouble(e) + "."
	}
	if e != nil && e.Forbidden() {
		problem = "permission denied by " + r.service()
	}
	if loginError(r.Err) != nil {
		return fmt.Sprintf("Login failed: %s%s.", problem, r.cause())
	}
	return fmt.Sprintf("%s%s.", capitalized(problem), r.cause())
}

func (r *Report) usage() string {
	var faults config.Faults
	if errors.As(r.Err, &faults) {
		return fmt.Sprintf("Invalid input: %s.", faults.Brief())
	}
	login, e := loginError(r.Err), responseError(r.Err)
	switch {
	case login != nil && login.Reason != "":
		return fmt.Sprintf("Login failed: %s.", login.Reason)
	case e != nil && e.Misconfigured():
		return fmt.Sprintf("%s; the %s's state is unknown.", r.trouble(e), r.Kind())
	case login == nil:
		return fmt.Sprintf("The API rejected the request%s.", r.cause())
	}
	return fmt.Sprintf("Login failed: %s rejected the request%s.", r.service(), r.cause())
}

func (r *Report) interrupted() string {
	if r.State.Status == "" || r.Target.Until != "" {
		return fmt.Sprintf("Interrupted%s.", r.bySignal())
	}
	return fmt.Sprintf("Interrupted%s; the task keeps running.", r.bySignal())
}

// bySignal says which signal ended the wait, and when.
func (r *Report) bySignal() string {
	var signal Interrupt
	if !errors.As(r.Err, &signal) {
		return ""
	}
	return fmt.Sprintf(" by %s after %s", signal.Name(), Human(r.Waited))
}

// subject names the target within a sentence. What is no word may contain anything: it is left out.
func (r *Report) subject() string {
	subject, instance := "the task", "instance"
	if id := r.Secrets.Redact(r.Target.InstanceID); sanitize.IsWord(id) {
		instance += " " + id
	}
	if r.Target.Until != "" {
		return instance
	}
	if r.isSearch() && len(r.All) > 1 {
		subject += " of " + instance
	}
	if id := r.Secrets.Redact(r.Target.TaskID); sanitize.IsWord(id) {
		subject = "task " + id
	}
	if name := r.Secrets.Redact(r.State.Task.Name); sanitize.IsWord(name) {
		subject += " (" + name + ")"
	}
	return subject
}

// standing says how a target stands that has not ended.
func (r *Report) standing() string {
	if r.Target.Until != "" {
		return fmt.Sprintf("not %s (%s)", r.Target.Until, r.status())
	}
	return r.status()
}

// status returns the status as a word. Secrets are redacted before it is truncated: half a secret cannot be
// recognized.
func (r *Report) status() string {
	if status := sanitize.Word(r.Secrets.Redact(string(r.State.Status))); status != "" {
		return status
	}
	return "running"
}

// end returns how the wait ended although the target has not, or nil.
func (r *Report) end() *poll.End {
	var end *poll.End
	errors.As(r.Err, &end)
	return end
}

// service names, within a sentence, the service whose response decided.
func (r *Report) service() string {
	if login := loginError(r.Err); login != nil {
		return login.Service
	}
	return "the API"
}

// limitAndCause returns the limit that ended the wait, its length, and the response that decided, as far as there are
// such.
func (r *Report) limitAndCause(preposition string) string {
	var end *poll.End
	if !errors.As(r.Err, &end) || end.Limit == "" || end.After == 0 {
		return r.cause()
	}
	text := fmt.Sprintf(" %s %s (%s)", preposition, Human(end.After), end.Limit)
	if code := r.code(); code != "" {
		text += ": " + code
	}
	return text
}

// cause returns the status and code of the response that decided, in parentheses; empty: there was none.
func (r *Report) cause() string {
	if code := r.code(); code != "" {
		return " (" + code + ")"
	}
	return ""
}

// code returns the status and code of the response that decided; empty: there was none.
func (r *Report) code() string {
	e := responseError(r.Err)
	if e != nil && e.AtProxy() != nil && e.AtProxy().StatusCode != 0 {
		return strconv.Itoa(e.AtProxy().StatusCode)
	}
	if e == nil || !e.Answered() || e.Response.StatusCode == http.StatusOK {
		return ""
	}
	if code := r.Secrets.Redact(e.Code); sanitize.IsWord(code) {
		return fmt.Sprintf("%d %s", e.Response.StatusCode, code)
	}
	return strconv.Itoa(e.Response.StatusCode)
}

// capitalized returns text as the beginning of a sentence.
func capitalized(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// responseError returns the failed request that an error is about, or nil.
func responseError(err error) *client.Error {
	var e *client.Error
	errors.As(err, &e)
	return e
}

// loginError returns the failed login that an error is about, or nil.
func loginError(err error) *credential.Error {
	var e *credential.Error
	errors.As(err, &e)
	return e
}
