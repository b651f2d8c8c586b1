//go:build platforms

package platforms_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/test/trial"
)

// example returns the text of a file in examples/.
func example(t *testing.T, path string) string {
	t.Helper()
	root, err := trial.Root()
	require.NoError(t, err)
	content, err := os.ReadFile(filepath.Join(root, "examples", path))
	require.NoError(t, err)
	return string(content)
}

// TestCronMailsOnlyFailures runs the line of our crontab for a task that is running and for one that failed, at the next
// full minute. cron finds our files where it expects those of the machine.
func TestCronMailsOnlyFailures(t *testing.T) {
	cron := need(t, "cron")
	folder := publicFolder(t)
	for _, name := range []string{"spool", "cron.d", "run", "sbin"} {
		require.NoError(t, os.Mkdir(filepath.Join(folder, name), 0o755))
	}
	text := example(t, "cron/crontab")
	text = strings.Replace(text, "PATH=", "PATH="+filepath.Dir(trial.Program(t))+":", 1)
	text = strings.Replace(text, "*/10 ", "* ", 1)
	line := text[strings.Index(text, "\n* ")+1:]
	require.Contains(t, line, "/etc/dmswait.env")
	crontab := strings.TrimSuffix(text, line)
	for _, status := range []string{"EXECUTING", "FAILED"} {
		tr := trial.New(trial.Start(t, trial.Cloud(trial.At(0, status))))
		var env strings.Builder
		for name, value := range tr.Env {
			fmt.Fprintf(&env, "%s=%s\n", name, value)
		}
		path := write(t, filepath.Join(folder, status+".env"), env.String())
		// The mark shows that the line ran, also where nothing is mailed.
		crontab += strings.Replace(strings.TrimSpace(line), "/etc/dmswait.env", path, 1) + "; echo $? >" + path + ".code\n"
	}
	require.NoError(t, os.WriteFile(filepath.Join(folder, "spool", "root"), []byte(crontab), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "crontab"), nil, 0o644))
	mail := filepath.Join(folder, "mail")
	write(t, filepath.Join(folder, "sbin", "sendmail"), "#!/bin/sh\ncat >>"+mail+"\n")
	require.NoError(t, os.Chmod(filepath.Join(folder, "sbin", "sendmail"), 0o755))
	start(t, inMounts(t.Context(), `
		cp "$2" "$1/sbin/cron"
		mount --bind "$1/spool" /var/spool/cron/crontabs
		mount --bind "$1/cron.d" /etc/cron.d
		mount --bind "$1/crontab" /etc/crontab
		mount --bind "$1/run" /run
		mount --bind "$1/sbin" /usr/sbin
		exec /usr/sbin/cron -f -L 15`, folder, cron))

	for status, code := range map[string]string{"EXECUTING": "0\n", "FAILED": "1\n"} {
		var content []byte
		require.Eventually(t, func() bool {
			content, _ = os.ReadFile(filepath.Join(folder, status+".env.code"))
			return len(content) > 0
		}, 2*time.Minute, 100*time.Millisecond, "cron did not run the line for %s", status)
		assert.Equal(t, code, string(content), status)
	}
	var content []byte
	require.Eventually(t, func() bool {
		content, _ = os.ReadFile(mail)
		return strings.Contains(string(content), "ended with FAILED")
	}, trial.Patience, 100*time.Millisecond, "cron mailed nothing")
	assert.Equal(t, 1, strings.Count(string(content), "Subject: "), "%s", content)
	assert.Contains(t, string(content), "To: root")
}

func TestSystemdAcceptsTheUnits(t *testing.T) {
	need(t, "systemd-analyze")
	folder := publicFolder(t)
	for _, name := range []string{"dmswait@.service", "dmswait@.timer"} {
		write(t, filepath.Join(folder, name), example(t, "systemd/"+name))
	}
	// systemd looks the program up in a fixed list of folders.
	script := `
		mount --bind "$1" /usr/local/bin
		cd "$2"
		systemd-analyze verify ./dmswait@restart.service ./dmswait@restart.timer`
	out, err := inMounts(t.Context(), script, filepath.Dir(trial.Program(t)), folder).CombinedOutput()
	assert.NoError(t, err, string(out))
	assert.Empty(t, string(out), "no warnings")
}
