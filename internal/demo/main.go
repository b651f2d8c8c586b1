// Demo runs the real program against the simulator, so that one can see it work without an account: from its flags to its exit code, over real HTTP.
// It sends nothing to any other machine.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/dmswait/dmswait/internal/simulator"
)

// An account that exists in the simulator alone.
const (
	accessKey = "DEMO0ACCESS0KEY00001"
	secretKey = "demoSecretKeyThatOnlyTheSimulatorKnows01"
	wrongKey  = "demoSecretKeyOfSomebodyElseAltogether002"
)

// play is one way for the demo to go.
type play struct {
	steps     []simulator.Step
	secretKey string
	flags     []string
	exitCode  int
}

var plays = map[string]play{
	"success":   {steps: ending("SUCCESS"), secretKey: secretKey},
	"failed":    {steps: ending("FAILED"), secretKey: secretKey, exitCode: 1},
	"cancelled": {steps: ending("CANCELLED"), secretKey: secretKey, exitCode: 3},
	"timeout":   {steps: ending("SUCCESS")[:1], secretKey: secretKey, flags: []string{"--timeout", "5s"}, exitCode: 124},
	"denied":    {steps: ending("SUCCESS"), secretKey: wrongKey, exitCode: 77},
}

// ending is a task that is created, executes, and has ended after eight seconds.
func ending(status string) []simulator.Step {
	return []simulator.Step{{After: 2 * time.Second, Status: "EXECUTING"}, {After: 8 * time.Second, Status: status}}
}

func main() {
	ends := strings.Join(slices.Sorted(maps.Keys(plays)), "|")
	end := flag.String("end", "success", "how the wait ends: "+ends)
	address := flag.String("serve", "", "run nothing: play the cloud by HTTPS on this address, until stopped")
	folder := flag.String("into", "", "with -serve: the folder for ca.pem and env, with the inputs of dmswait")
	flag.Parse()
	play, ok := plays[*end]
	if !ok || flag.NArg() > 0 || (*address == "") != (*folder == "") {
		fmt.Fprintf(os.Stderr, "usage: go run ./internal/demo [-end %s] [-serve address:port -into folder]\n", ends)
		os.Exit(2)
	}
	var err error
	if *address != "" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		err = serve(ctx, *address, *folder, play)
	} else {
		err = run(play)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// cloud is the simulated cloud that the play is about, with one task.
func (p play) cloud() simulator.Simulator {
	task := simulator.ExampleTask
	task.CreatedAt, task.UpdatedAt = "", ""
	task.Steps = p.steps
	return simulator.Simulator{Keys: map[string]string{accessKey: secretKey}, Tasks: []simulator.Task{task}}
}

func run(play play) error {
	// Ctrl-C is for the program; the demo stays to show what became of it.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt, syscall.SIGTERM)

	folder, err := os.MkdirTemp("", "dmswait-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	program := filepath.Join(folder, "dmswait.exe")
	build := exec.Command("go", "build", "-o", program, "github.com/dmswait/dmswait")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build dmswait: %w", err)
	}

	cloud := play.cloud()
	server, err := cloud.Start()
	if err != nil {
		return err
	}
	defer server.Close()

	args := append([]string{
		"--endpoint", server.URL,
		"--project-id", simulator.DefaultProjectID,
		"--instance-id", simulator.DefaultInstanceID,
		"--task-id", cloud.Tasks[0].ID,
		"--access-key", accessKey,
	}, play.flags...)
	fmt.Printf("The simulator plays the cloud at %s. Now this runs, with its secret key in DMSWAIT_SECRET_KEY:\n\n  dmswait%s\n\n", server.URL, shown(args))

	code, err := execute(program, args, play.secretKey)
	if err != nil {
		return err
	}
	fmt.Printf("\nThe exit code was %d.\n", code)
	fmt.Print(forReal)
	if code != play.exitCode && code < 128 {
		return fmt.Errorf("it should have been %d", play.exitCode)
	}
	return nil
}

// shown writes flags as one would type them.
func shown(args []string) string {
	var b strings.Builder
	for i := 0; i+1 < len(args); i += 2 {
		fmt.Fprintf(&b, " \\\n    %s %s", args[i], args[i+1])
	}
	return b.String()
}

// execute runs the program on our terminal, with nothing of our environment that could be an input of it.
func execute(program string, args []string, secret string) (exitCode int, err error) {
	command := exec.Command(program, args...)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "DMSWAIT_") && !strings.HasPrefix(variable, "GITHUB_ACTIONS=") {
			command.Env = append(command.Env, variable)
		}
	}
	command.Env = append(command.Env, "DMSWAIT_SECRET_KEY="+secret)
	err = command.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	return 0, err
}

const forReal = `
To do the same for real, take the ids from the call that starts the task (or from the console), and your own access key:

  export DMSWAIT_ACCESS_KEY=... DMSWAIT_SECRET_KEY=...
  dmswait --region cn-north-4 --project-id ... --instance-id ... --task-id ...

`
