// Demo runs dmswait against a simulated cloud, so that anyone can try it without an account: the real
// program, from its flags to its exit code, over real HTTP.
// It sends nothing to any other machine and leaves nothing behind but the files that -into asks for.
//
//	go run ./internal/demo                      # one wait, from the command to the exit code
//	go run ./internal/demo -end failed          # the same with another end
//	go run ./internal/demo -serve 127.0.0.1:0   # keep the cloud running, to try dmswait in another terminal
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	err := run(os.Args[1:])
	switch {
	case errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// errUsage is returned after the message about an invalid command line has been printed.
var errUsage = errors.New("invalid command line")

func run(args []string) error {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	end := flags.String("end", "success", "`how` the wait ends: "+scenarioNames())
	address := flags.String("serve", "", "run nothing, but serve the cloud by HTTPS on this `address`, until Ctrl-C")
	folder := flags.String("into", "", "with -serve: the `folder` for ca.pem and env (default: a temporary one)")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return err
	} else if err != nil {
		return errUsage
	}
	scenario, ok := findScenario(*end)
	if !ok || flags.NArg() > 0 || *folder != "" && *address == "" {
		flags.Usage()
		return errUsage
	}
	if *address == "" {
		return play(scenario)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return serve(ctx, os.Stdout, *address, *folder, scenario)
}
