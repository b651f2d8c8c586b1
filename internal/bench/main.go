// Bench compares dmswait with other ways to wait, one question per subcommand; README.md explains
// the figures. It needs nothing but this repository, and sends nothing to any other machine.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

const usage = `usage: go run ./internal/bench <subcommand> [flags]

  schedules   how soon the end of a task is detected and how many polls that takes,
              for dmswait and others (simulated)
  oneshot     how long a run with one poll takes and how much memory it needs,
              next to curl and a bare GET program
  herd        how 200 processes that start at once fare if their account may send
              60 requests per minute
`

func main() {
	err := run(os.Args[1:], os.Stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Print(usage)
	case err != nil:
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	if len(args) == 0 {
		return flag.ErrHelp
	}
	switch name, args := args[0], args[1:]; name {
	case "schedules":
		return schedules(args, out)
	case "oneshot":
		return oneshot(args, out)
	case "herd":
		return herd(args, out)
	default:
		return fmt.Errorf("unknown subcommand %q\n\n%s", name, usage)
	}
}
