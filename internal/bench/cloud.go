package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/dmswait/dmswait/internal/simulator"
)

const accessKey, secretKey = "FAKEAK0EXAMPLE0ONLY0", "fakeSecretKeyForTestsOnly012345678901234"

// environment is what dmswait needs to ask about the example task on a simulated cloud.
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

const module = "github.com/dmswait/dmswait"

// build builds a program of this module into a folder, as a release has it, and returns its path.
func build(folder, name, source string) (string, error) {
	path := filepath.Join(folder, name)
	command := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, source)
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w: %s", name, err, out)
	}
	return path, nil
}
