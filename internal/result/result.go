// Package result says what a wait came to: its result and exit code, a message, and an explanation with hints. It is
// pure: it sends nothing, prints nothing, and reads no clock.
package result

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/poll"
	"github.com/dmswait/dmswait/internal/target"
)

// Result is how a wait ended: its name, and the exit code that says the same.
type Result struct {
	Name string
	Code int
}

// The results, apart from the one after a signal, whose code is 128 plus the signal's number. The
// codes follow sysexits.h and timeout(1) where those have one.
var (
	Success     = Result{"success", 0}
	Failure     = Result{"failure", 1}
	Usage       = Result{"usage", 2}
	Cancelled   = Result{"cancelled", 3}
	NotFound    = Result{"not_found", 4}
	Internal    = Result{"internal", 70}
	Unavailable = Result{"unavailable", 75}
	Denied      = Result{"denied", 77}
	Timeout     = Result{"timeout", 124}
	Running     = Result{"running", 124}
)

// interrupted is the name of the result that a signal causes.
const interrupted = "interrupted"

// NotWritten is the exit code instead of 0 where the result could not be written to a requested destination.
const NotWritten = 74

// Meaning is a row of the table of results that people are shown.
type Meaning struct{ Result, Code, When, Again string }

// Meanings returns the table of results.
func Meanings() []Meaning {
	row := func(r Result, when, again string) Meaning {
		return Meaning{r.Name, fmt.Sprint(r.Code), when, again}
	}
	return []Meaning{
		row(Success, "the task ended with SUCCESS", ""),
		row(Failure, "the task ended with FAILED", "no"),
		row(Usage, "an input, proxy or certificate is wrong, or the API responded 400", "no"),
		row(Cancelled, "the task ended with CANCELLED or DELETED", "no"),
		row(NotFound, "no instance or task after not_found_grace or timeout; no such API", "no"),
		row(Internal, "a bug in dmswait", "no"),
		row(Unavailable, "no valid response for max_outage, or none at all before timeout", "yes"),
		row(Denied, "the credentials were refused (401) or lack a permission (403)", "no"),
		row(Timeout, "still running at timeout", "as you like"),
		row(Running, "still running at timeout 0", "later"),
		{interrupted, "129, 130, 131, 143",
			"SIGHUP, SIGINT, SIGQUIT or SIGTERM; a second signal exits at once", "yes"},
	}
}

// Interrupt is the cause of a context that a signal ended.
type Interrupt struct{ Signal syscall.Signal }

// Error names the signal.
func (i Interrupt) Error() string { return "interrupted by " + i.Name() }

// Name returns the signal's name, the same on every system.
func (i Interrupt) Name() string {
	switch i.Signal {
	case syscall.SIGHUP:
		return "SIGHUP"
	case syscall.SIGINT:
		return "SIGINT"
	case syscall.SIGQUIT:
		return "SIGQUIT"
	case syscall.SIGTERM:
		return "SIGTERM"
	}
	return fmt.Sprintf("signal %d", int(i.Signal))
}

// Panic is a bug that was recovered.
type Panic struct {
	Value any
	Stack string
}

func (p Panic) Error() string { return fmt.Sprintf("internal error: %v", p.Value) }

// Lines returns the panic for a report about it.
func (p Panic) Lines() []Line {
	lines := []Line{{ErrorLine, p.Error() + "; please report it with the lines below"}}
	for line := range strings.SplitSeq(strings.TrimSpace(p.Stack), "\n") {
		lines = append(lines, Line{DetailLine, line})
	}
	return lines
}

// Conclude returns the result of a wait for a target that ended with err, and in this state.
func Conclude(state *target.State, err error) Result {
	var signal Interrupt
	var faults config.Faults
	var response *client.Error
	switch {
	case err == nil:
		return concludeStanding(state.Standing)
	case errors.As(err, &signal):
		return Result{interrupted, 128 + int(signal.Signal)}
	case errors.As(err, &faults), errors.Is(err, poll.ErrMisconfigured):
		return Usage
	case errors.Is(err, poll.ErrTimeout):
		return Timeout
	case errors.Is(err, poll.ErrRunning), errors.Is(err, poll.ErrStopped):
		return Running
	case errors.Is(err, poll.ErrNotFound):
		return NotFound
	case errors.Is(err, poll.ErrMisconfigured):
		return Usage
	case errors.Is(err, poll.ErrUnavailable):
		return Unavailable
	case !errors.As(err, &response):
		return Internal
	case response.Denied():
		return Denied
	case response.NoSuchAPI():
		return NotFound
	case response.Rejected():
		return Usage
	}
	return Internal
}

func concludeStanding(standing target.Standing) Result {
	switch standing {
	case target.Succeeded:
		return Success
	case target.Failed:
		return Failure
	case target.Cancelled:
		return Cancelled
	}
	return Internal
}

// ExitCode returns the process's exit code: the result's own, or 0 for a result named in succeedOn. Where that would
// be 0 and the result was not written to a requested destination, it is NotWritten.
func ExitCode(result Result, succeedOn []string, written bool) int {
	switch {
	case result.Code != 0 && !slices.Contains(succeedOn, result.Name):
		return result.Code
	case !written:
		return NotWritten
	}
	return 0
}

// Help returns what --help shows of the results and exit codes.
func Help() string {
	var b strings.Builder
	b.WriteString("\nExit codes\n")
	for _, m := range Meanings() {
		fmt.Fprintf(&b, "  %-18s %-11s %s\n", m.Code, m.Result, m.When)
	}
	fmt.Fprintf(&b, "  %-18d %-11s instead of 0: the result could not be written to a destination\n", NotWritten, "")
	return b.String()
}
