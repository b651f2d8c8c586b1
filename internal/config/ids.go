package config

import "strings"

// checkIDs notes ids that have been confused: those of instances are UUIDs, and those of tasks and projects 32
// hexadecimal digits. Only what cannot be right is an error, since nobody promises that ids will always look like that.
func (p *parser) checkIDs() {
	c := p.config
	instance, task := c.InstanceID, c.TaskID
	warn := func(text string) { c.Warnings = append(c.Warnings, text) }
	switch {
	case isUUID(task) && isHexID(instance):
		p.fault("task_id", "is an instance's id, and instance_id a task's: exchange them")
	case isUUID(task):
		warn("task_id looks like an instance's id (a UUID); a task's has 32 hexadecimal digits")
	case isHexID(instance):
		warn("instance_id looks like a task's id (32 hexadecimal digits); an instance's is a UUID")
	}
	project := c.ProjectID
	switch {
	case project == "" || c.Region == "":
	case project == c.Region || strings.HasPrefix(project, c.Region+"_"):
		p.fault("project_id", "%s is the name of a project, not its id: set project_name instead (from %s)",
			quote(project), c.Source("project_id"))
	}
}

func isHexID(id string) bool {
	return len(id) == 32 && consistsOf(digits+"abcdefABCDEF", id)
}

func isUUID(id string) bool {
	return len(id) == 36 && isHexID(strings.ReplaceAll(id, "-", "")) && id[8] == '-' && id[13] == '-'
}
