package target

import (
	"context"
	"strings"
	"time"

	"github.com/dmswait/dmswait/internal/client"
)

// Poller polls targets. It is not safe for concurrent use.
type Poller struct {
	Targets []Target
	// Client logs in, as far as that is necessary, and returns what to send requests with.
	Client func(context.Context) (*client.Client, error)
	// Since and Ago limit which tasks TaskName finds: those created at Since or later or, where Since is zero, at
	// most Ago before Start by the server's clock.
	Since time.Time
	Ago   time.Duration
	Start time.Time
	// Note, if set, is called with what a person should know about a target besides its state.
	Note func(target int, note Note)

	requests int
	seen     map[int]bool // targets whose instance exists, as a response said
	warned   map[int]bool // targets about which LeftBehind was noted
}

// Note is something that a person should know about a target.
type Note struct {
	Kind  NoteKind
	Task  client.Task   // of Found
	Age   time.Duration // of Found: since its creation
	Count int           // of Ambiguous and LeftBehind: how many
}

// NoteKind is what a Note is about.
type NoteKind int

// The kinds of notes.
const (
	Found      NoteKind = iota // a task was found by its name
	Ambiguous                  // several tasks have the name: the newest is followed
	NeverSeen                  // the instance to be deleted did not exist at the first poll
	LeftBehind                 // tasks that can hardly still run are ignored
)

// Requests returns how many requests for a status were sent, lists included.
func (p *Poller) Requests() int { return p.requests }

// Sources returns the indices of the targets, grouped by instance: targets of one instance are polled together.
func Sources(targets []Target) [][]int {
	var sources [][]int
	index := map[string]int{} // instance → source
	for i, t := range targets {
		instance := strings.ToLower(t.InstanceID)
		at, ok := index[instance]
		if !ok {
			at = len(sources)
			index[instance] = at
			sources = append(sources, nil)
		}
		sources[at] = append(sources[at], i)
	}
	return sources
}

// Poll polls targets of one instance, with the requests that they need and no more. It returns what it found of each:
// first of those that one response is about, then of the others in the order of due. Where an error concerns all
// targets, no request follows, and the rest is left out.
func (p *Poller) Poll(ctx context.Context, due []int) []Finding {
	c, err := p.Client(ctx)
	if err != nil {
		return []Finding{{Target: due[0], Err: err}}
	}
	first := p.Targets[due[0]]
	switch {
	case first.Until != "":
		state, err := p.instance(ctx, c, due[0])
		return []Finding{{due[0], state, err}}
	case first.TaskID == "":
		task, err := p.find(ctx, c, due[0])
		return []Finding{finding(due[0], &task, err)}
	case len(due) == 1:
		task, err := p.task(ctx, c, &first)
		return []Finding{finding(due[0], &task, err)}
	}
	return p.listed(ctx, c, due)
}

// listed polls tasks of one instance by its list, and those that the list does not have by their ids. Whatever comes of
// a request by id, the list was a response about the others.
func (p *Poller) listed(ctx context.Context, c *client.Client, due []int) (found []Finding) {
	list, err := p.list(ctx, c, p.Targets[due[0]].InstanceID)
	var unlisted []int // not among the newest
	for _, i := range due {
		task, ok := list.Task(p.Targets[i].TaskID)
		if err == nil && !ok {
			unlisted = append(unlisted, i)
			continue
		}
		found = append(found, finding(i, &task, err))
	}
	for _, i := range unlisted {
		task, err := p.task(ctx, c, &p.Targets[i])
		found = append(found, finding(i, &task, err))
		if found[len(found)-1].ConcernsAll() {
			break
		}
	}
	return found
}

// instance polls an instance, and for Idle its tasks.
func (p *Poller) instance(ctx context.Context, c *client.Client, i int) (State, error) {
	t := p.Targets[i]
	p.requests++
	state, err := t.Until.judge(c.Instance(ctx, t.InstanceID))
	if err != nil {
		return state, err
	}
	if t.Until == Deleted && state.neverSeen() && !p.seen[i] {
		p.note(i, Note{Kind: NeverSeen})
	}
	p.seen = mark(p.seen, i)
	if t.Until != Idle || state.Standing != Holding {
		return state, nil
	}
	list, err := p.list(ctx, c, t.InstanceID)
	if err != nil {
		return State{}, err
	}
	busy, leftBehind := unfinished(&list, time.Now())
	if leftBehind > 0 && !p.warned[i] {
		p.warned = mark(p.warned, i)
		p.note(i, Note{Kind: LeftBehind, Count: leftBehind})
	}
	if busy > 0 {
		state.Standing = Running
	}
	return state, nil
}

func mark(targets map[int]bool, i int) map[int]bool {
	if targets == nil {
		targets = map[int]bool{}
	}
	targets[i] = true
	return targets
}

func (p *Poller) task(ctx context.Context, c *client.Client, t *Target) (client.Task, error) {
	p.requests++
	return c.Task(ctx, t.InstanceID, t.TaskID)
}

func (p *Poller) list(ctx context.Context, c *client.Client, instanceID string) (client.List, error) {
	p.requests++
	return c.Tasks(ctx, instanceID)
}

func (p *Poller) note(i int, note Note) {
	if p.Note != nil {
		p.Note(i, note)
	}
}

func finding(i int, task *client.Task, err error) Finding {
	if err != nil {
		return Finding{Target: i, Err: err}
	}
	return Finding{Target: i, State: OfTask(task)}
}
