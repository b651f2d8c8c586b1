package config

import (
	"errors"
	"slices"
	"strings"
	"unicode"

	"github.com/dmswait/dmswait/internal/target"
)

// maxTargets is how many targets one run waits for.
const maxTargets = 1000

// errNoID is the error about a list without entries.
var errNoID = errors.New("contains no id")

// list returns the values of an input that takes several.
func list(value string) []string {
	return strings.FieldsFunc(value, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
}

// ids accepts a list of ids. Duplicates count once.
func ids(field *[]string) func(string) error {
	return func(value string) error {
		var all []string
		known := map[string]bool{}
		for _, entry := range list(value) {
			if err := id(new(string))(entry); err != nil {
				return err
			}
			if key := strings.ToLower(entry); !known[key] {
				known[key] = true
				all = append(all, entry)
			}
		}
		if len(all) == 0 {
			return errNoID
		}
		*field = all
		return nil
	}
}

// taskIDs accepts a list of ids and of INSTANCE/TASK.
func taskIDs(field *[]string) func(string) error {
	return func(value string) error {
		all := list(value)
		for _, entry := range all {
			for part := range strings.SplitSeq(entry, "/") {
				if err := id(new(string))(part); err != nil || strings.Count(entry, "/") > 1 {
					return badValue(entry,
						`is not an id (or INSTANCE/TASK): ids are 1 to 64 letters, digits, "-" or "_"`)
				}
			}
		}
		if len(all) == 0 {
			return errNoID
		}
		*field = all
		return nil
	}
}

// checkTargets checks that the inputs say what to wait for in one way, and makes the list of targets.
func (p *parser) checkTargets() {
	c := p.config
	var given []string
	for _, name := range []string{"task_id", "task_name", "until"} {
		if c.has(name) {
			given = append(given, name)
		}
	}
	if len(c.instances) == 0 && !c.has("instance_id") && !everyNamesItsInstance(c.tasks) {
		p.fault("instance_id", "is required (%s)", p.howToSet("instance_id"))
	}
	switch {
	case len(given) > 1:
		p.fault(given[0], "cannot be combined with %s: give one of them", strings.Join(given[1:], " and "))
	case len(given) == 0:
		p.fault("task_id", "is required (%s), or task_name with since, or until", p.howToSet("task_id"))
	case c.has("task_name") && !c.has("since"):
		p.fault("since", "is required with task_name (%s): set it to the time just before the call "+
			"that starts the task, or an older task with the same name would be mistaken for it", p.howToSet("since"))
	}
	// Where nothing says what to wait for, they may go with what is missing.
	if c.has("since") && !c.has("task_name") && len(given) > 0 {
		p.fault("since", "is only for task_name: remove it, or give task_name instead of %s", given[0])
	}
	if c.has("settle") && !c.has("until") && len(given) > 0 {
		p.fault("settle", "is only for until: remove it, or give until instead of %s", given[0])
	}
	for _, input := range []string{"instance_id", "task_id", "task_name", "until"} {
		if slices.Contains(p.faults.Inputs(), input) {
			return
		}
	}
	if c.has("task_id") {
		p.addTasks()
	} else {
		for _, instance := range c.instances {
			p.add(&target.Target{InstanceID: instance, TaskName: c.taskName, Until: target.Until(c.until)})
		}
	}
	if count := len(c.Targets); count > maxTargets {
		p.fault(given[0], "names %d targets: one run waits for at most %d", count, maxTargets)
	}
}

// everyNamesItsInstance reports whether there are tasks, and all of them are INSTANCE/TASK.
func everyNamesItsInstance(tasks []string) bool {
	for _, task := range tasks {
		if !strings.Contains(task, "/") {
			return false
		}
	}
	return len(tasks) > 0
}

// addTasks adds the targets of task_id. A task that does not name its instance needs exactly one instance_id, and an
// instance_id needs a task: that is what somebody wrote who expects the wait to include it.
func (p *parser) addTasks() {
	c := p.config
	used := map[string]bool{}
	for _, entry := range c.tasks {
		instance, task, named := strings.Cut(entry, "/")
		if !named {
			if len(c.instances) != 1 {
				p.fail("task_id", badValue(entry, "does not say which of the %d instances it belongs to: write INSTANCE/TASK",
					len(c.instances)))
				return
			}
			instance, task = c.instances[0], entry
		}
		used[strings.ToLower(instance)] = true
		p.add(&target.Target{InstanceID: instance, TaskID: task})
	}
	for _, instance := range c.instances {
		if !used[strings.ToLower(instance)] {
			p.fail("instance_id", badValue(instance, "has no task: no entry of task_id is for it"))
		}
	}
}

// add adds a target, unless it is there already.
func (p *parser) add(t *target.Target) {
	key := t.Key()
	if !p.known[key] {
		p.known[key] = true
		p.config.Targets = append(p.config.Targets, *t)
	}
}
