package target

import (
	"context"
	"fmt"
	"time"

	"github.com/dmswait/dmswait/internal/client"
)

// find looks for a task by its name in the list of its instance. The entry is the result of this poll; the next ones
// request the task by its id.
func (p *Poller) find(ctx context.Context, c *client.Client, i int) (client.Task, error) {
	t := &p.Targets[i]
	list, err := p.list(ctx, c, t.InstanceID)
	if err != nil {
		return client.Task{}, err
	}
	now := time.Now()
	server, ok := list.Response.Clock(now)
	if !ok {
		server = now
	}
	if p.Since.IsZero() {
		// Fixed by the first response, so that a later jump of the server's clock cannot move it. Counted back from
		// the start: from now, the limit would move past the task's creation.
		p.Since = server.Add(-time.Since(p.Start) - p.Ago)
	}
	task, found := list.Newest(t.TaskName, p.Since)
	if found == 0 {
		return client.Task{}, &client.Error{
			Op:       fmt.Sprintf("find task %q", t.TaskName),
			Response: list.Response,
			Err:      &client.NoTaskError{Name: t.TaskName, Since: p.Since, Listed: list.Tasks},
		}
	}
	t.TaskID = task.ID
	created, _ := task.Created()
	p.note(i, Note{Kind: Found, Task: task, Age: max(0, server.Sub(created))})
	if found > 1 {
		p.note(i, Note{Kind: Ambiguous, Count: found})
	}
	return task, nil
}
