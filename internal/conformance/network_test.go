//go:build unix

package conformance

import (
	"cmp"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/output"
)

// row is one row of testdata/network.md, which explains its cells.
type row struct {
	fault, place, budget, result, hint string
	code, polls                        int
	least, most                        time.Duration
}

func (r row) String() string { return strings.TrimSuffix(r.fault+", "+r.place+", "+r.budget, ", ") }

// readRows reads all tables. Columns that a table lacks are empty.
func readRows(t *testing.T) (rows []row) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", "network.md"))
	require.NoError(t, err)
	var head []string
	for line := range strings.SplitSeq(string(content), "\n") {
		if !strings.HasPrefix(line, "|") {
			head = nil
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case head == nil:
			head = cells
		case strings.HasPrefix(cells[0], "---"):
		default:
			require.Len(t, cells, len(head), line)
			rows = append(rows, readRow(t, head, cells))
		}
	}
	return rows
}

func readRow(t *testing.T, head, cells []string) row {
	t.Helper()
	cell := map[string]string{}
	for i, name := range head {
		cell[name] = cells[i]
	}
	number := func(name string) int {
		n, err := strconv.Atoi(cell[name])
		require.NoError(t, err, "%s in %v", name, cells)
		return n
	}
	duration := func(name string) time.Duration {
		d, err := time.ParseDuration(strings.ReplaceAll(cell[name], " ", ""))
		require.NoError(t, err, "%s in %v", name, cells)
		return d
	}
	return row{
		fault: cell["fault"], place: cell["place"], budget: cell["budget"], result: cell["result"], hint: cell["hint"],
		code: number("exit code"), polls: number("max polls"), least: duration("min time"), most: duration("max time"),
	}
}

func TestNetworkFaultsEndAWaitAsTheTableSays(t *testing.T) {
	t.Parallel()
	inTable := map[string]bool{}
	for _, r := range readRows(t) {
		inTable[r.fault] = true
		t.Run(r.String(), func(t *testing.T) {
			t.Parallel()
			require.Contains(t, faults, r.fault)
			r.run(t)
		})
	}
	assert.ElementsMatch(t, slices.Collect(maps.Keys(faults)), slices.Collect(maps.Keys(inTable)),
		"faults, and those of the table")
}

// run causes the fault at the row's place of a wait, and checks how the wait ends.
func (r row) run(t *testing.T) {
	s := startScene(t, faults[r.fault])
	if r.place == "first" || r.place == "always" {
		s.begin(t)
	}
	p := startProcess(t, s.path, r.most, s.env(r))
	switch r.place {
	case "first":
		p.await(s.shown(3))
		s.end(t)
	case "middle":
		p.await(atLeast(good, 1))
		s.begin(t)
		if !s.fault.effect.existing { // those affect at most one poll
			p.await(s.shown(3))
		}
		s.end(t)
	case "last":
		p.await(atLeast(good, 1))
		s.begin(t)
	case "always":
	default:
		require.Fail(t, "no such place", r.place)
	}
	<-p.ended
	r.check(t, s, p)
	if t.Failed() {
		log, _ := p.logged()
		connections, _ := s.link.seen()
		t.Logf("%s: ended with %d after %v, %d connections\nlog:\n%s\nstdout:\n%s", r, p.command.ProcessState.ExitCode(), p.took, connections, log, p.stdout.String())
	}
}

// Lines of the log about requests for the task: with a valid response, and without one.
var (
	good    = regexp.MustCompile(`debug: GET \S+/tasks/` + task + ` 200 \(request \w+\) in [^:\n]+\n`)
	failing = regexp.MustCompile(`debug: GET \S+/tasks/` + task + ` (no response|200)[^\n]* in [^:\n]+: `)
)

func atLeast(lines *regexp.Regexp, n int) func(string) bool {
	return func(log string) bool { return len(lines.FindAllStringIndex(log, n)) == n }
}

func (r row) check(t *testing.T, s *scene, p *process) {
	names, outputs := p.outputs(t)
	log, _ := p.logged()
	assert.Equal(t, r.code, p.command.ProcessState.ExitCode(), "exit code (-1: still running after %v)", r.most)
	assert.Less(t, p.took, r.most, "time taken")

	var all []string
	for _, output := range output.Outputs() {
		all = append(all, output.Name)
	}
	if !assert.Equal(t, all, names, "outputs in GITHUB_OUTPUT") {
		return
	}
	assert.Equal(t, r.result, outputs["result"], "output result")
	assert.Equal(t, strconv.Itoa(r.code), outputs["exit_code"], "output exit_code")
	assert.Equal(t, r.status(), outputs["status"], "output status: last status seen")
	assert.Equal(t, task, outputs["task_id"], "output task_id")
	if outputs["status"] != "" {
		assert.JSONEq(t, params, outputs["params"], "output params")
		assert.True(t, json.Valid([]byte(outputs["task"])), "output task is JSON: %s", outputs["task"])
	}
	polls, err := strconv.Atoi(outputs["polls"])
	assert.NoError(t, err, "output polls")
	assert.LessOrEqual(t, polls, r.polls, "output polls")
	waited, err := strconv.ParseFloat(outputs["waited"], 64)
	assert.NoError(t, err, "output waited")
	assert.GreaterOrEqual(t, waited, r.least.Seconds(), "output waited, in seconds")

	assert.Contains(t, log, r.hint, "the log's hint")
	summary, err := os.ReadFile(p.summary)
	assert.NoError(t, err)
	assert.Contains(t, string(summary), r.result, "the summary")
	// Masks are for the runner: people do not see them.
	seen := regexp.MustCompile(`(?m)^::add-mask::.*$`).ReplaceAllString(log, "")
	for _, secret := range secrets {
		assert.NotContains(t, strings.Join([]string{seen, p.stdout.String(), strings.Join(slices.Collect(maps.Values(outputs)), "\n"), string(summary)}, "\n"), secret, "a secret")
	}
	connections, overlap := s.link.seen()
	assert.Less(t, overlap, 500*time.Millisecond, "time with two connections open at once")
	if s.fault.effect.existing {
		assert.Equal(t, 2, connections, "connections: the one that died, and a new one")
	}
	if runtime.GOOS == "linux" {
		assert.Positive(t, p.memory, "memory in kB was never measured")
		assert.Less(t, p.memory, 40_000, "memory in kB")
		assert.LessOrEqual(t, p.files, cmp.Or(s.fault.files, 16), "open files and connections")
	}
}

// status returns the last status seen. An ended task is seen only where the wait ends with it, and none where
// no response was valid.
func (r row) status() string {
	switch {
	case r.result == "success":
		return "SUCCESS"
	case r.place == "always" && !faults[r.fault].harmless:
		return ""
	}
	return "EXECUTING"
}
