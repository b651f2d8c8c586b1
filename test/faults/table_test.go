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
)

// outcome is a row of the table of kinds: what a fault of that kind comes to at that place.
type outcome struct {
	kind, place string
	result      string
	code        int
	status      string // itsOwn: what the fault shows
	polls       span
	seconds     span
}

const itsOwn = "its own"

// faultRow is a row of a table of faults.
type faultRow struct {
	fault, kind string
	status      string // what the fault itself shows, where it is a good answer
	tries       span   // for a poll that meets it
	mostMemory  int64  // in bytes; 0: not measured
}

// span is a number, or a range of them: both ends are in it.
type span struct{ least, most float64 }

func (s span) holds(n float64) bool { return s.least <= n && n <= s.most }

func (s span) String() string {
	if s.least == s.most {
		return fmt.Sprint(s.least)
	}
	return fmt.Sprintf("%g–%g", s.least, s.most)
}

// parseSpan reads "3", "3–8", or a most, if that is what one number is, and forgets the unit.
func parseSpan(t *testing.T, cell string, oneIsMost bool) span {
	t.Helper()
	least, most, isRange := strings.Cut(strings.Fields(cell)[0], "–")
	if !isRange {
		most = least
	}
	low, err := strconv.ParseFloat(least, 64)
	require.NoError(t, err, cell)
	high, err := strconv.ParseFloat(most, 64)
	require.NoError(t, err, cell)
	if oneIsMost && !isRange {
		low = 0
	}
	return span{low, high}
}

// allEncounters is each fault at each place that its kind has a row for, as far as they are wanted.
func allEncounters(t *testing.T, wanted func(*encounter) bool) (all []*encounter) {
	t.Helper()
	outcomes, faults := readFaults(t)
	kinds, used := map[string][]outcome{}, map[string]bool{}
	for _, o := range outcomes {
		kinds[o.kind] = append(kinds[o.kind], o)
	}
	for _, row := range faults {
		require.NotEmpty(t, kinds[row.kind], "kind of %q", row.fault)
		used[row.kind], used[row.fault] = true, true
		for _, want := range kinds[row.kind] {
			if codes := statuses(row.fault); codes != nil {
				all = append(all, everyStatus(row, want, codes)...)
				continue
			}
			answer := literal(row.fault)
			if answer == nil {
				answer = named()[row.fault]
			}
			require.NotNil(t, answer, "fault %q is neither an answer nor a name", row.fault)
			all = append(all, &encounter{name: row.fault, row: row, want: want, fault: answer})
		}
	}
	for kind := range kinds {
		assert.True(t, used[kind], "no fault is of kind %q", kind)
	}
	for name := range named() {
		assert.True(t, used[name], "no row has the fault %q", name)
	}
	all = slices.DeleteFunc(all, func(e *encounter) bool { return !wanted(e) })
	for i, e := range all {
		e.login = []string{"keys", "temporary keys", "token"}[i%3]
		switch {
		case strings.HasSuffix(e.name, "asked with a token"):
			e.login = "token"
		case strings.Contains(e.name, "Date"):
			e.login = "keys"
		}
		answer, secret := *e.fault, strings.Join(secretsOf(e.login), " ")
		answer.Body, answer.Raw, answer.Header = filled(answer.Body, secret), filled(answer.Raw, secret), answer.Header.Clone()
		for _, values := range answer.Header {
			for i := range values {
				values[i] = filled(values[i], secret)
			}
		}
		e.fault = &answer
	}
	return all
}

// everyStatus is a row of statuses, each with each body as far as the place goes through them.
func everyStatus(row faultRow, want outcome, codes []int) (all []*encounter) {
	for _, code := range codes {
		if !slices.Contains(edges, code) && want.place != "first" && want.place != "only" {
			continue
		}
		for _, kind := range slices.Sorted(maps.Keys(bodies)) {
			if want.place == "deadline" && kind != "a service's error" {
				continue
			}
			all = append(all, &encounter{name: fmt.Sprintf("%d, body: %s", code, kind), row: row, want: want, fault: status(code, bodies[kind])})
		}
	}
	return all
}

// readFaults reads testdata/faults.md: all its tables, whose columns are known by their names.
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
	kind, _, _ := strings.Cut(row["kind"], ":") // and why
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
	if status, told := row["status"]; told {
		fault.status = status
	}
	if tries := row["tries"]; tries != "" {
		fault.tries = parseSpan(t, tries, false)
	}
	if memory := row["most memory"]; memory != "" {
		fault.mostMemory = int64(parseSpan(t, memory, true).most * 1e6)
	}
	return fault
}

var (
	statusList = regexp.MustCompile(`^[0-9]{3}(–[0-9]{3})?(, [0-9]{3}(–[0-9]{3})?)*$`)
	codeSpans  = regexp.MustCompile("`([^`]*)`")
	headerSpan = regexp.MustCompile(`^([A-Z][A-Za-z-]+): (.*)$`)
)

// statuses are those of a cell like "400, 402, 405–407"; none if it is no such list.
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
var edges = statuses("300–304, 307, 308, 399–405, 407–410, 413–415, 418, 421, 422, 425, 426, 428, 429, 431, 451, 494, 499–511, 520–530, 599")
