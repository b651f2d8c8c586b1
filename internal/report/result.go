// Package report is what people and machines see of a wait: its result and exit code, outputs, log lines, errors with hints.
// It asks nobody anything; and whatever came over the network is data to it, made harmless before it reaches a line.
package report

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/poll"
)

// Result is how a wait ended: its name, and the exit code that says the same.
type Result struct {
	Name string
	Code int
}

// The results there are, interrupted aside, whose code is 128 and the signal's number. The codes follow sysexits.h and timeout(1) where those have one.
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

// NotWritten is the exit code instead of 0 when a result could not be written where it was asked to go.
const NotWritten = 74

// Meaning is a row of the table of results that people are shown.
type Meaning struct{ Result, Code, When, Again string }

// Meanings is that table.
func Meanings() []Meaning {
	row := func(r Result, when, again string) Meaning {
		return Meaning{r.Name, fmt.Sprint(r.Code), when, again}
	}
	return []Meaning{
		row(Success, "the task ended with SUCCESS", ""),
		row(Failure, "the task ended with FAILED", "no"),
		row(Usage, "inputs are wrong, or the API calls the request wrong (400)", "no"),
		row(Cancelled, "the task ended with CANCELLED or DELETED", "no"),
		row(NotFound, "no instance or task for not_found_grace or at timeout; no such API", "no"),
		row(Internal, "a bug of dmswait", "no"),
		row(Unavailable, "the API gave no good answer for max_outage, or none until timeout", "yes"),
		row(Denied, "401 or 403", "no"),
		row(Timeout, "still running at timeout", "as you like"),
		row(Running, "still running at timeout 0", "later"),
		{"interrupted", "129, 130, 131, 143", "SIGHUP, SIGINT, SIGQUIT, SIGTERM; a second one ends dmswait at once", "yes"},
	}
}

// Interrupt is the cause of a context that a signal ended.
type Interrupt struct{ Signal syscall.Signal }

func (i Interrupt) Error() string { return "interrupted by " + i.name() }

// name is the signal's, in the same words on each system.
func (i Interrupt) name() string {
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

// Faults are what is wrong with the inputs, a line each.
type Faults []string

func (f Faults) Error() string { return strings.Join(f, "\n") }

// Panic is a bug that was caught.
type Panic struct {
	Value any
	Stack string
}

func (p Panic) Error() string {
	return fmt.Sprintf("internal: %v; please report it, with the lines below", p.Value)
}

func (p Panic) lines() []string {
	return append([]string{"error: " + p.Error()}, strings.Split(strings.TrimSpace(p.Stack), "\n")...)
}

// Conclude tells the result of a wait from what it returned.
func Conclude(task client.Task, err error) Result {
	var signal Interrupt
	var faults Faults
	var answer *client.Error
	switch {
	case err == nil:
		return ended(task.Status)
	case errors.As(err, &signal):
		return Result{"interrupted", 128 + int(signal.Signal)}
	case errors.As(err, &faults):
		return Usage
	case errors.Is(err, poll.ErrTimeout):
		return Timeout
	case errors.Is(err, poll.ErrRunning):
		return Running
	case errors.Is(err, poll.ErrNotFound):
		return NotFound
	case errors.Is(err, poll.ErrUnavailable):
		return Unavailable
	case !errors.As(err, &answer):
		return Internal
	case answer.Denied():
		return Denied
	case answer.NoSuchAPI():
		return NotFound
	case answer.Rejected():
		return Usage
	}
	return Internal
}

func ended(status client.Status) Result {
	switch status {
	case client.Success:
		return Success
	case client.Failed:
		return Failure
	case client.Cancelled, client.Deleted:
		return Cancelled
	}
	return Internal
}

// ExitCode is the process's exit code: the result's own, or 0 for one that the user said to succeed on, unless that could not be told where it was to be told.
func ExitCode(result Result, succeedOn []string, written bool) int {
	switch {
	case result.Code != 0 && !slices.Contains(succeedOn, result.Name):
		return result.Code
	case !written:
		return NotWritten
	}
	return 0
}
