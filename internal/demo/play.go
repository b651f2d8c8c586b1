package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/dmswait/dmswait/internal/simulator"
)

const program = "github.com/dmswait/dmswait"

const nextSteps = `
To wait for a real task, take the ids from the response of the call that started it, or from the console:

  export DMSWAIT_ACCESS_KEY=... DMSWAIT_SECRET_KEY=...
  dmswait --region cn-north-4 --project-id ... --instance-id ... --task-id ...

To see another end, or to try dmswait yourself in another terminal:

  go run ./internal/demo -end failed          # -help lists the others
  go run ./internal/demo -serve 127.0.0.1:0   # keeps the simulated cloud running
`

// play runs dmswait in the scenario, with its output on the terminal. It returns an error if the exit
// code is not the scenario's.
func play(s scenario) error {
	// Ctrl-C interrupts dmswait; the demo stays to show its exit code.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt, syscall.SIGTERM)

	folder, err := os.MkdirTemp("", "dmswait-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	binary := filepath.Join(folder, "dmswait.exe")
	build := exec.Command("go", "build", "-o", binary, program)
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build dmswait: %w", err)
	}
	server, err := newCloud().Start()
	if err != nil {
		return err
	}
	defer server.Close()

	args := append([]string{
		"--endpoint", server.URL,
		"--project-id", simulator.DefaultProjectID,
		"--instance-id", simulator.DefaultInstanceID,
		"--task-id", s.task.ID,
		"--access-key", accessKey,
	}, s.flags...)
	fmt.Printf("The simulated cloud at %s has a task that %s.\n", server.URL, s.description)
	fmt.Printf("With the secret key in DMSWAIT_SECRET_KEY, this waits for it:\n\n%s\n", commandLine(args))

	code, err := execute(binary, args, s.secretKey)
	if err != nil {
		return err
	}
	fmt.Printf("\nThe exit code was %d.\n", code)
	fmt.Print(nextSteps)
	if code != s.exitCode && code < 128 {
		return fmt.Errorf("the exit code is %d, expected %d", code, s.exitCode)
	}
	return nil
}

// commandLine returns the command as one would type it, with a flag and its value on each line.
func commandLine(args []string) string {
	var b strings.Builder
	b.WriteString("$ dmswait")
	for i := 0; i+1 < len(args); i += 2 {
		fmt.Fprintf(&b, " \\\n    %s %s", args[i], args[i+1])
	}
	b.WriteString("\n")
	return b.String()
}

// execute runs the program on our terminal, and returns its exit code. It removes variables from the
// environment that would change what the program does.
func execute(binary string, args []string, secret string) (exitCode int, err error) {
	command := exec.Command(binary, args...)
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
