package config

import "strings"

// checkIDs notes ids that have been confused: those of instances are UUIDs, and those of tasks and projects 32
// hexadecimal digits. Only what cannot be right is an error, since nobody promises that ids will always look like that.
func (p *parser) checkIDs() {
	c := p.config
	for _, t := range c.Targets {
		problem := ""
		switch {
		case isUUID(t.TaskID) && isHexID(t.InstanceID):
			p.fault("task_id", "is an instance's id, and instance_id a task's: exchange them")
			return
		case isUUID(t.TaskID):
			problem = "task_id looks like an instance's id (a UUID); a task's has 32 hexadecimal digits"
		case isHexID(t.InstanceID):
			problem = "instance_id looks like a task's id (32 hexadecimal digits); an instance's is a UUID"
		}
		if problem != "" {
			c.Warnings = append(c.Warnings, problem)
			break
		}
	}
	project := c.ProjectID
	if project != "" && c.Region != "" && (project == c.Region || strings.HasPrefix(project, c.Region+"_")) {
		p.fail("project_id", badValue(project, "is the name of a project, not its id: set project_name instead (from %s)",
			c.Source("project_id")))
	}
}

func isHexID(id string) bool {
	return len(id) == 32 && consistsOf(digits+"abcdefABCDEF", id)
}

func isUUID(id string) bool {
	return len(id) == 36 && isHexID(strings.ReplaceAll(id, "-", "")) && id[8] == '-' && id[13] == '-'
}
