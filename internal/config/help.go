package config

import (
	"fmt"
	"strings"
)

// columns is the longest line of the help.
const columns = 100

// Help is what --help shows of the program and its inputs.
func Help() string {
	var b strings.Builder
	b.WriteString(`dmswait waits for one background task of a Huawei Cloud DMS instance (RocketMQ,
Kafka, RabbitMQ) to end, and exits with a code that says how it ended.

  dmswait --region cn-north-4 --project-id ID --instance-id ID --task-id ID
  dmswait ... --task-name bindInstancePublicIp --since "$before"   # no id known
  dmswait ... --timeout 0 --format json | jq .status               # one look
`)
	for _, group := range []string{GroupTask, GroupWaiting, GroupLogin, GroupResult} {
		fmt.Fprintf(&b, "\n%s\n", group)
		for _, in := range Inputs() {
			if in.Group != group {
				continue
			}
			name := "--" + in.Flag()
			if in.Secret {
				name = in.Env()
			}
			meaning := in.Meaning
			if in.Default != "" {
				meaning += " (" + in.Default + ")"
			}
			for _, line := range wrap(meaning, columns-27) {
				fmt.Fprintf(&b, "  %-24s %s\n", name, line)
				name = ""
			}
		}
	}
	b.WriteString(`
  --task-id is also DMSWAIT_TASK_ID (so is every flag), in GitHub Actions the
  input task_id, under Woodpecker and Drone the setting task_id. Secrets have no
  flag; DMSWAIT_SECRET_KEY_FILE names a file instead. Durations: 90, 90s, 1h30m.
  --help and --version show this and the version.
`)
	return b.String()
}

// wrap breaks text between words into lines of that width.
func wrap(text string, width int) (lines []string) {
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines, line = append(lines, line), ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return append(lines, line)
}
