package repo_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/output"
	"github.com/dmswait/dmswait/internal/result"
	"github.com/dmswait/dmswait/test/trial"
)

func TestManualFollowsFromTheTables(t *testing.T) {
	var b strings.Builder
	b.WriteString(`.\" Generated from the tables in internal by: go test ./test/repo -update
.TH DMSWAIT 1 "" dmswait "User Commands"
.SH NAME
dmswait \- wait for background tasks of Huawei Cloud DMS instances, or for the instances
.SH SYNOPSIS
.B dmswait
.RI [ flags ]
.SH DESCRIPTION
Changes to a Huawei Cloud DMS instance (RocketMQ, Kafka, RabbitMQ) run as background tasks.
.B dmswait
waits for such tasks, or until instances are ready, idle or deleted.
Its exit code and its outputs say how that ended. It changes nothing in the cloud.
.PP
The result is written to stdout; progress, warnings and errors are written to stderr.
.SH OPTIONS
Every flag is also an environment variable, and a flag takes precedence over its variable:
.B \-\-task\-id
is
.BR DMSWAIT_TASK_ID .
Secrets have no flag, because command lines are public.
A secret comes from its variable, or from the file that the variable with
.B _FILE
at its end names, such as
.BR DMSWAIT_SECRET_KEY_FILE .
.PP
Durations are 90 (seconds), 90s, 5m or 1h30m.
`)
	group := ""
	for _, in := range config.Inputs() {
		if in.Group != group {
			group = in.Group
			fmt.Fprintf(&b, ".SS %s\n", roff(group))
		}
		name := `\fB` + roff("--"+in.Flag()) + `\fR`
		switch {
		case in.Secret:
			name = `\fB` + roff(in.Env()) + `\fR`
		case !in.Switch:
			name += ` \fIvalue\fR`
		}
		entry(&b, name, in.Meaning+defaultOf(in))
	}
	b.WriteString(".SS Other\n")
	entry(&b, `\fB\-\-help\fR`, "print the inputs and exit")
	entry(&b, `\fB\-\-version\fR`, "print the version and exit")

	b.WriteString(".SH OUTPUTS\nThe JSON object on stdout, the dotenv file and the results folder contain:\n")
	for _, o := range output.Outputs() {
		entry(&b, `\fB`+roff(o.Name)+`\fR`, o.Meaning)
	}
	b.WriteString(".SH EXIT STATUS\n")
	for _, m := range result.Meanings() {
		text := m.Result + ": " + m.When
		if m.Again != "" {
			text += " (run it again? " + m.Again + ")"
		}
		entry(&b, `\fB`+roff(m.Code)+`\fR`, text)
	}
	entry(&b, `\fB74\fR`, "instead of 0: the result could not be written where it was requested")
	b.WriteString(`.SH ENVIRONMENT
.BR HTTPS_PROXY ,
.B NO_PROXY
and
.B SSL_CERT_FILE
have their usual meanings.
If no login is given, the variables of the official SDK, of Terraform and of Huawei's login action are used.
.SH EXAMPLES
Wait for a task, at most half an hour:
.PP
.EX
export DMSWAIT_ACCESS_KEY=... DMSWAIT_SECRET_KEY=...
dmswait \-\-region cn\-north\-4 \-\-instance\-id ID \-\-task\-id ID \-\-timeout 30m
.EE
.PP
Wait until nothing changes the instance:
.PP
.EX
dmswait ... \-\-until idle
.EE
.PP
Poll once, and print the status:
.PP
.EX
dmswait ... \-\-timeout 0 \-\-format json | jq \-r .status
.EE
.SH SEE ALSO
.UR https://github.com/dmswait/dmswait/tree/main/docs
The documentation
.UE
explains the logins, the outputs and every error message.
`)
	trial.Golden(t, inRepository(t, "packaging/dmswait.1"), b.String())
}

// entry writes a term, which is roff, and what it means.
func entry(b *strings.Builder, term, meaning string) {
	fmt.Fprintf(b, ".TP\n%s\n%s\n", term, roff(meaning))
}

// roff returns text as a manual page shows it: roff acts on backslashes, and on a dot or a quote that begins a line.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}
