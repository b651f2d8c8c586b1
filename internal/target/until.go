package target

import (
	"errors"
	"net/http"
	"time"

	"github.com/dmswait/dmswait/internal/client"
)

// Until is what an instance is to become.
type Until string

// The values of Until.
const (
	Ready   Until = "ready"   // RUNNING
	Idle    Until = "idle"    // RUNNING, and none of its tasks runs
	Deleted Until = "deleted" // gone, or in the recycle bin
)

// Untils returns the values of Until, in the order in which they are shown.
func Untils() []string { return []string{string(Ready), string(Idle), string(Deleted)} }

// The statuses of an instance that decide.
const (
	running = "RUNNING"
	recycle = "RECYCLE" // in the recycle bin
	deleted = "DELETED"
)

// failedStatuses are those from which an instance does not become ready by itself.
var failedStatuses = []client.Status{"CREATEFAILED", "ERROR", "EXTENDEDFAILED", "ROLLBACKFAILED", "FROZEN"}

// changingStatuses are the other statuses that DMS documents: something is being done to the instance.
var changingStatuses = []client.Status{
	"CREATING", "RESTARTING", "STARTING", "EXTENDING", "SHRINKING", "CONFIGURING", "UPGRADING", "ROLLBACK",
	"ROLLINGBACK", "VOLUMETYPECHANGING", "FREEZING", "DELETING",
}

// maxTaskAge is how long a task can run at most, for all that is known: the record of an older one was left behind.
const maxTaskAge = 24 * time.Hour

// judge returns what a response about the instance means.
func (u Until) judge(instance client.Instance, err error) (State, error) {
	var e *client.Error
	if u == Deleted && errors.As(err, &e) && e.Missing() {
		return State{Status: deleted, Standing: Succeeded, Response: e.Response}, nil
	}
	if err != nil {
		return State{}, err
	}
	state := State{Status: instance.Status, Response: instance.Response}
	isGone := state.Status == deleted || state.Status == recycle
	isFailed := contains(failedStatuses, state.Status)
	state.Unknown = !isGone && !isFailed && state.Status != running && !contains(changingStatuses, state.Status)
	switch {
	case isGone && u == Deleted:
		state.Standing = Succeeded
	case isGone:
		return State{}, &client.Error{Op: "get instance", Response: state.Response, Err: client.ErrGone}
	case u == Deleted: // an ERROR can pass during a deletion
	case isFailed:
		state.Standing = Failed
	case state.Status == running:
		state.Standing = Holding
	}
	return state, nil
}

// unfinished returns how many tasks of an instance still run, and how many records of tasks were left behind.
func unfinished(list *client.List, now time.Time) (busy, leftBehind int) {
	for _, task := range list.Tasks {
		age, ok := task.Age(now)
		switch {
		case task.Status.Ended():
		case ok && age > maxTaskAge:
			leftBehind++
		default:
			busy++
		}
	}
	return busy, leftBehind
}

// neverSeen reports whether a state means that there is no such instance: it may never have existed.
func (s *State) neverSeen() bool { return s.Response.StatusCode == http.StatusNotFound }

func contains(all []client.Status, one client.Status) bool {
	for _, status := range all {
		if status == one {
			return true
		}
	}
	return false
}
