// Bench measures what dmswait is compared by: a subcommand for each question, with nothing but this repository to run it.
// README.md beside it tells what each figure means. It sends nothing to any other machine.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

const usage = `usage: go run ./internal/bench <subcommand> [flags]

  schedules   how soon, and with how many requests, the end of a task is noticed: dmswait's pauses and those of others, simulated
  look        how long one look takes from start to exit, and how much memory, beside curl and a bare GET program
  herd        how many processes fare that wait at once, on an account that may send 60 requests a minute
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
	case "look":
		return look(args, out)
	case "herd":
		return herd(args, out)
	default:
		return fmt.Errorf("there is no %q\n\n%s", name, usage)
	}
}
