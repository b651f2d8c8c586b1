package config

import (
	"fmt"
	"strings"
)

// columns is the width of the help.
const columns = 100

// Help returns what --help shows of the program and its inputs.
func Help() string {
	var b strings.Builder
	b.WriteString(`dmswait waits for background tasks of Huawei Cloud DMS instances (RocketMQ, Kafka,
RabbitMQ), or for the instances themselves, and exits with a code that says how it ended.

  dmswait --region cn-north-4 --project-id ID --instance-id ID --task-id ID
  dmswait ... --task-name bindInstancePublicIp --since "$before"   # no id known
  dmswait ... --until idle                                         # the instance is free
  dmswait ... --timeout 0 --format json | jq .status               # a single look
`)
	for _, group := range []string{GroupTarget, GroupWaiting, GroupLogin, GroupResult} {
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
			if shown := in.ShownDefault(); shown != "" && !in.Switch {
				meaning += " (default: " + shown + ")"
			}
			for _, line := range wrap(meaning, columns-27) {
				fmt.Fprintf(&b, "  %-24s %s\n", name, line)
				name = ""
			}
		}
	}
	b.WriteString(`
  Every flag is also an environment variable (--task-id: DMSWAIT_TASK_ID) and a
  setting in Woodpecker and Drone (task_id); most are inputs of the GitHub Action.
  Secrets have no flag. DMSWAIT_SECRET_KEY_FILE names a file that contains one.
  Durations: 90 (seconds), 90s, 5m, 1h30m. Lists: separated by commas or blanks, or
  the flag repeated. --version prints the version.
`)
	return b.String()
}

// wrap returns text as lines of at most width bytes, broken between words.
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
