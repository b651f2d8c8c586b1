package script

import (
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/dmswait/dmswait/internal/simulator"
)

// runProgram runs a command and requires its exit code. Unlike exec, it replaces what is different in each run.
func runProgram(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits code command [argument...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		ts.Fatalf("%v", err)
	}
	stdout, stderr := tidy(ts, ts.ReadFile("stdout")), tidy(ts, ts.ReadFile("stderr"))
	fmt.Fprint(ts.Stdout(), stdout)
	fmt.Fprint(ts.Stderr(), stderr)
	got := 0
	if exit != nil {
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, not %d", got, want)
	}
}

// showFiles prints files to stdout, each from the beginning of a line, and replaces what is different in each run.
func showFiles(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: show file...")
	}
	for _, name := range args {
		fmt.Fprintln(ts.Stdout(), strings.TrimSuffix(tidy(ts, ts.ReadFile(name)), "\n"))
	}
}

// printRequests prints the kind of each request that the cloud received, one a line.
func printRequests(ts *testscript.TestScript, neg bool, args []string) {
	server := *ts.Value(cloudKey{}).(**simulator.Server)
	if neg || len(args) != 0 || server == nil {
		ts.Fatalf("usage: requests, after cloud")
	}
	out := ts.Stdout()
	for _, request := range server.Requests() {
		fmt.Fprintln(out, request.Kind)
	}
}

// volatile is what is different in each run, and what replaces it. A year before 2020 is a script's own.
var volatile = []struct{ pattern, replacement string }{
	{`127\.0\.0\.1:[0-9]{4,}`, "127.0.0.1:PORT"},
	{`(request |"request_id":")[0-9a-f]{32}`, "${1}REQUEST_ID"},
	{`\b20[2-9][0-9]-[0-9]{2}-[0-9]{2}T[0-9:.]+Z|\b20[0-9]{6}T[0-9]{6}Z`, "TIME"},
	{`(::add-mask::)eyJ[-.\w]+`, "${1}ID_TOKEN"},
	{`\bdmswait_[A-Z2-7]{26}\b`, "DELIMITER"},
	{`(?m)^(dmswait: |dmswait: warning: |::warning title=dmswait::)\[[0-9]` + duration + `\] `, "${1}[ELAPSED] "},
	{`("message":")\[[0-9]` + duration + `\] `, "${1}[ELAPSED] "},
	{`(next (poll )?in )[0-9]` + duration, "${1}PAUSE"},
	{`( in )[0-9]` + duration, "${1}TOOK"},
	{`(Timed out after |(was still|was last seen) \w+(;|) after )[0-9]` + duration, "${1}WAITED"},
	{`("waited":|_WAITED=|\| waited \| |waited<<DELIMITER\n)[0-9]` + duration, "${1}WAITED"},
	{`("(elapsed|took|next)":)[0-9.]+`, "${1}0"},
}

// duration is the rest of a duration after its first digit.
const duration = `[0-9a-zµ.]*\b`

// tidy replaces in text what is different in each run.
func tidy(ts *testscript.TestScript, text string) string {
	text = strings.ReplaceAll(text, ts.Getenv("WORK"), "$WORK")
	for _, v := range volatile {
		text = regexp.MustCompile(v.pattern).ReplaceAllString(text, v.replacement)
	}
	return text
}
