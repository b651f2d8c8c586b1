package main

import (
	"fmt"
	"os"
	"os/exec"

	"github.com/dmswait/dmswait/internal/simulator"
)

const accessKey, secretKey = "FAKEAK0EXAMPLE0ONLY0", "fakeSecretKeyForTestsOnly012345678901234"

// environment returns the variables with which dmswait waits for the example task of a simulated
// cloud.
func environment(server *simulator.Server) []string {
	return []string{
		"DMSWAIT_ENDPOINT=" + server.URL,
		"DMSWAIT_PROJECT_ID=" + simulator.DefaultProjectID,
		"DMSWAIT_INSTANCE_ID=" + simulator.DefaultInstanceID,
		"DMSWAIT_TASK_ID=" + simulator.ExampleTask.ID,
		"DMSWAIT_ACCESS_KEY=" + accessKey,
		"DMSWAIT_SECRET_KEY=" + secretKey,
	}
}

// Programs of this module. Their names are the last parts of the paths.
const (
	dmswait = "github.com/dmswait/dmswait"
	bare    = dmswait + "/internal/bench/bare"
	peak    = dmswait + "/internal/bench/peak"
)

// build builds programs of this module into an existing folder. Only a release build is worth
// measuring; tests save the time that it takes to compile the standard library another time.
func build(folder string, release bool, programs ...string) error {
	command := exec.Command("go", "build", "-o", folder+string(os.PathSeparator))
	if release {
		command.Args = append(command.Args, "-trimpath", "-ldflags", "-s -w")
		command.Env = append(os.Environ(), "CGO_ENABLED=0")
	}
	command.Args = append(command.Args, programs...)
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w: %s", programs, err, out)
	}
	return nil
}
