package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/dmswait/dmswait/internal/simulator"
)

// serve serves the cloud by HTTPS until ctx is done, for a dmswait that is started in another terminal, in
// a container or by a workflow. It writes ca.pem and the other logins to the folder, and then env, with the settings for
// the scenario as variables; once env exists, the cloud is ready. If folder is empty, it is a temporary one.
func serve(ctx context.Context, out io.Writer, address, folder string, s scenario) error {
	server, err := newCloud().StartTLS(address)
	if err != nil {
		return err
	}
	defer server.Close()
	if folder == "" {
		if folder, err = os.MkdirTemp("", "dmswait-demo-"); err != nil {
			return err
		}
		defer os.RemoveAll(folder)
	}
	env, err := writeSettings(server, folder, s)
	if err != nil {
		return err
	}
	fmt.Fprint(out, instructions(server.URL, env, s))
	<-ctx.Done()
	return nil
}

// writeSettings writes ca.pem and env to the folder, and returns the absolute path of env.
func writeSettings(server *simulator.Server, folder string, s scenario) (string, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	ca, err := server.CAFile(folder)
	if err != nil {
		return "", err
	}
	lines := []string{
		"DMSWAIT_ENDPOINT=" + server.URL,
		"DMSWAIT_PROJECT_ID=" + simulator.DefaultProjectID,
		"DMSWAIT_INSTANCE_ID=" + simulator.DefaultInstanceID,
		"DMSWAIT_TASK_ID=" + s.task.ID,
		"DMSWAIT_ACCESS_KEY=" + accessKey,
		"DMSWAIT_SECRET_KEY=" + s.secretKey,
		"SSL_CERT_FILE=" + ca,
	}
	if err := writeLogins(server, folder); err != nil {
		return "", err
	}
	env := filepath.Join(folder, "env")
	// Renamed, so that nobody who waits for the file reads an incomplete one.
	if err := os.WriteFile(env+".part", []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
		return "", err
	}
	return env, os.Rename(env+".part", env)
}

// logins are the settings of other ways to log in than the access key, by the names of their files. They are loaded
// after env.
func logins(server *simulator.Server) map[string][]string {
	return map[string][]string{
		"keyless": {"DMSWAIT_PROVIDER_URN=" + providerURN, "DMSWAIT_AGENCY_URN=" + agencyURN,
			"ACTIONS_ID_TOKEN_REQUEST_URL='" + server.ActionsURL() + "'", "ACTIONS_ID_TOKEN_REQUEST_TOKEN=" + runnerToken},
		"identity-provider": {"DMSWAIT_IDP_ID=demo",
			"DMSWAIT_ID_TOKEN=" + server.IDToken(simulator.DefaultAudience, 24*time.Hour)},
		"password": {"DMSWAIT_USERNAME=demo", "DMSWAIT_DOMAIN_NAME=demo", "DMSWAIT_PASSWORD='" + password + "'"},
	}
}

func writeLogins(server *simulator.Server, folder string) error {
	for name, lines := range logins(server) {
		lines = append(lines, "DMSWAIT_ACCESS_KEY=", "DMSWAIT_SECRET_KEY=", "DMSWAIT_PROJECT_ID=",
			"DMSWAIT_REGION=cn-north-4", "DMSWAIT_IAM_ENDPOINT="+server.URL, "DMSWAIT_STS_ENDPOINT="+server.URL)
		text := strings.Join(lines, "\n") + "\n"
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// instructions returns what to run in another terminal: a command for each scenario.
func instructions(url, env string, served scenario) string {
	var b strings.Builder
	fmt.Fprintf(&b, "The simulated cloud runs at %s until Ctrl-C.\n", url)
	fmt.Fprint(&b, "Install dmswait (go install .), then load the settings in another terminal:\n\n")
	fmt.Fprintf(&b, "  set -a; . %s; set +a\n\n", env)
	fmt.Fprint(&b, "Each of these commands waits for a task; \"echo $?\" shows the exit code.\n\n")

	table := tabwriter.NewWriter(&b, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "  TASK\tEXIT CODE\tCOMMAND")
	for _, s := range scenarios() {
		fmt.Fprintf(table, "  %s\t%d\t%s\n", s.description, s.exitCode, s.command(served.secretKey))
	}
	_ = table.Flush() // a strings.Builder does not fail
	fmt.Fprintf(&b, "\nTo log in without the access key, load another file as well, such as %s.\n",
		filepath.Join(filepath.Dir(env), "keyless"))
	fmt.Fprint(&b, "A task starts when it is first polled. Restart the cloud to run it again.\n")
	return b.String()
}

// command returns the command that waits for the task, if the secret key in the environment is loaded.
func (s scenario) command(loaded string) string {
	words := append([]string{"dmswait", "--task-id", s.task.ID}, s.flags...)
	if s.secretKey != loaded {
		words = append([]string{"DMSWAIT_SECRET_KEY=" + s.secretKey}, words...)
	}
	return strings.Join(words, " ")
}
