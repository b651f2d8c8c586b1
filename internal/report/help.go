package report

import (
	"fmt"
	"strings"
)

// Plan shows what a dry run found, a line for each name and value.
func Plan(rows [][2]string, hider *Hider) string {
	var b strings.Builder
	for _, row := range rows {
		fmt.Fprintf(&b, "%-11s  %s\n", row[0], visible(hider.Hide(row[1])))
	}
	b.WriteString("Nothing was sent.\n")
	return b.String()
}

// Help is what --help shows of results and exit codes.
func Help() string {
	var b strings.Builder
	b.WriteString("\nExit codes\n")
	for _, m := range Meanings() {
		fmt.Fprintf(&b, "  %-18s %-11s %s\n", m.Code, m.Result, m.When)
	}
	fmt.Fprintf(&b, "  %-18d %-11s %s\n", NotWritten, "", "instead of 0: the result was not written where it was asked to go")
	return b.String()
}
