package faults_test

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
)

// outcome is a row of the table of kinds: how a run ends that meets a fault of that kind at that place.
type outcome struct {
	kind, place string
	result      string
	code        int
	status      string // itsOwn: the status that the fault contains
	polls       span
	seconds     span
}

const itsOwn = "its own"

// faultRow is a row of a table of faults.
type faultRow struct {
	fault, kind string
	status      string // in the fault itself, where it is a valid response
	tries       span   // requests of a poll that meets it
	maxMemory   int64  // in bytes; 0: not measured
}

// span is a range of numbers, both ends included.
type span struct{ min, max float64 }

func (s span) holds(n float64) bool { return s.min <= n && n <= s.max }

func (s span) String() string {
	if s.min == s.max {
		return fmt.Sprint(s.min)
	}
	return fmt.Sprintf("%g–%g", s.min, s.max)
}

// parseSpan reads "3" or "3–8", with any unit after it. A single number may stand for a maximum.
func parseSpan(t *testing.T, cell string, oneIsMax bool) span {
	t.Helper()
	first, last, isRange := strings.Cut(strings.Fields(cell)[0], "–")
	if !isRange {
		last = first
	}
	low, err := strconv.ParseFloat(first, 64)
	require.NoError(t, err, cell)
	high, err := strconv.ParseFloat(last, 64)
	require.NoError(t, err, cell)
	if oneIsMax && !isRange {
		low = 0
	}
	return span{low, high}
}

// allRuns returns a run for each fault at each place that its kind has a row for, as far as they
// are wanted.
func allRuns(t *testing.T, isWanted func(*run) bool) (all []*run) {
	t.Helper()
	outcomes, faults := readFaults(t)
	kinds, used := map[string][]outcome{}, map[string]bool{}
	for _, o := range outcomes {
		kinds[o.kind] = append(kinds[o.kind], o)
	}
	for _, row := range faults {
		require.NotEmpty(t, kinds[row.kind], "%q is of the unknown kind %q", row.fault, row.kind)
		used[row.kind], used[row.fault] = true, true
		for _, want := range kinds[row.kind] {
			list, condition, _ := strings.Cut(row.fault, ": ")
			if codes := statuses(list); codes != nil {
				all = append(all, everyStatus(row, want, codes, bodiesWith(t, condition))...)
				continue
			}
			fault := literal(row.fault)
			if fault == nil {
				fault = named()[row.fault]
			}
			require.NotNil(t, fault, "fault %q is neither a response nor a known name", row.fault)
			all = append(all, &run{name: row.fault, row: row, want: want, fault: fault})
		}
	}
	for kind := range kinds {
		assert.True(t, used[kind], "no fault is of kind %q", kind)
	}
	for name := range named() {
		assert.True(t, used[name], "no row names the fault %q", name)
	}
	all = slices.DeleteFunc(all, func(r *run) bool { return !isWanted(r) })
	for i, r := range all {
		r.login = []string{"keys", "temporary keys", "token"}[i%3]
		switch {
		case strings.HasSuffix(r.name, "requested with a token"):
			r.login = "token"
		case strings.Contains(r.name, "Date"):
			r.login = "keys"
		}
		r.fault = withSecret(*r.fault, strings.Join(secretsOf(r.login), " "))
	}
	return all
}

// withSecret returns a response with its placeholders replaced.
func withSecret(response simulator.Response, secret string) *simulator.Response {
	response.Body, response.Raw = filled(response.Body, secret), filled(response.Raw, secret)
	response.Header = response.Header.Clone()
	for _, values := range response.Header {
		for i := range values {
			values[i] = filled(values[i], secret)
		}
	}
	return &response
}

// bodiesWith returns the bodies that a row of statuses is about.
func bodiesWith(t *testing.T, condition string) (kinds []string) {
	t.Helper()
	require.Contains(t, []string{"", "a documented body", "another body"}, condition)
	for _, kind := range slices.Sorted(maps.Keys(bodies)) {
		isDocumented := strings.HasPrefix(bodies[kind], "{")
		if condition == "" || isDocumented == (condition == "a documented body") {
			kinds = append(kinds, kind)
		}
	}
	return kinds
}

// everyStatus returns the runs for a row of statuses with some of these bodies, as testdata/faults.md says.
func everyStatus(row faultRow, want outcome, codes []int, kinds []string) (all []*run) {
	for i, code := range codes {
		var with []string
		switch {
		case want.place == "deadline":
			if i == 0 {
				with = kinds[len(kinds)-1:]
			}
		case slices.Contains(edges, code):
			with = kinds
		case want.place == "first":
			with = []string{kinds[i%len(kinds)]}
		}
		for _, kind := range with {
			name := fmt.Sprintf("%d, body: %s", code, kind)
			all = append(all, &run{name: name, row: row, want: want, fault: status(code, bodies[kind])})
		}
	}
	return all
}

// readFaults reads the tables of testdata/faults.md. Their columns are identified by their names.
func readFaults(t *testing.T) (outcomes []outcome, faults []faultRow) {
	t.Helper()
	content, err := os.ReadFile("testdata/faults.md")
	require.NoError(t, err)
	var columns []string
	for n, line := range strings.Split(string(content), "\n") {
		if !strings.HasPrefix(line, "|") {
			columns = nil
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if columns == nil {
			columns = cells
			continue
		}
		require.Len(t, cells, len(columns), "testdata/faults.md, line %d", n+1)
		row := map[string]string{}
		for i, cell := range cells {
			row[columns[i]] = cell
		}
		switch {
		case strings.HasPrefix(line, "| ---"):
		case columns[0] == "kind":
			outcomes = append(outcomes, parseOutcome(t, row))
		default:
			faults = append(faults, parseFault(t, row))
		}
	}
	return outcomes, faults
}

func parseOutcome(t *testing.T, row map[string]string) outcome {
	t.Helper()
	kind, _, _ := strings.Cut(row["kind"], ":") // the rest says why
	code, err := strconv.Atoi(row["exit code"])
	require.NoError(t, err, row)
	return outcome{
		kind: kind, place: row["place"], result: row["result"], code: code, status: row["status"],
		polls: parseSpan(t, row["polls"], false), seconds: parseSpan(t, row["time"], true),
	}
}

func parseFault(t *testing.T, row map[string]string) faultRow {
	t.Helper()
	fault := faultRow{fault: row["fault"], kind: row["kind"], status: "EXECUTING", tries: span{1, 1}}
	if status, isGiven := row["status"]; isGiven {
		fault.status = status
	}
	if tries := row["tries"]; tries != "" {
		fault.tries = parseSpan(t, tries, false)
	}
	if memory := row["max memory"]; memory != "" {
		fault.maxMemory = int64(parseSpan(t, memory, true).max * 1e6)
	}
	return fault
}

var (
	statusList = regexp.MustCompile(`^[0-9]{3}(–[0-9]{3})?(, [0-9]{3}(–[0-9]{3})?)*$`)
	codeSpans  = regexp.MustCompile("`([^`]*)`")
	headerSpan = regexp.MustCompile(`^([A-Z][A-Za-z-]+): (.*)$`)
)

// statuses returns the statuses of a cell such as "400, 402, 405–407", or nil if it is not such a list.
func statuses(cell string) (all []int) {
	if !statusList.MatchString(cell) {
		return nil
	}
	for part := range strings.SplitSeq(cell, ", ") {
		first, last, isRange := strings.Cut(part, "–")
		if !isRange {
			last = first
		}
		from, _ := strconv.Atoi(first)
		to, _ := strconv.Atoi(last)
		for status := from; status <= to; status++ {
			all = append(all, status)
		}
	}
	return all
}

// edges are the statuses at the ends of classes, and those with a meaning of their own.
var edges = statuses("300–304, 307, 308, 399–405, 407–410, 413–415, 418, 421, 422, 425, 426, 428, " +
	"429, 431, 451, 494, 499–511, 520–530, 599")
