//go:build unix

package cli_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/test/trial"
)

// job is a step with all the files that a runner gives it, and a few more.
func job(t *testing.T, tr *trial.Trial) (folder string, files map[string]string) {
	t.Helper()
	folder = t.TempDir()
	tr.InActions(t).Set("HOME", folder)
	files = map[string]string{
		"GITHUB_OUTPUT":              tr.OutputPath,
		"~/.huaweicloud/credentials": filepath.Join(folder, ".huaweicloud", "credentials"),
	}
	for _, name := range []string{
		"GITHUB_STEP_SUMMARY", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_EVENT_PATH",
		"SSL_CERT_FILE", "DMSWAIT_SECRET_KEY_FILE", "DMSWAIT_CREDENTIALS_FILE",
		"HUAWEICLOUD_SDK_CREDENTIALS_FILE", "HUAWEICLOUD_SDK_ID_TOKEN_FILE",
	} {
		files[name] = filepath.Join(folder, name)
		tr.Set(name, files[name])
	}
	require.NoError(t, os.MkdirAll(filepath.Join(folder, ".huaweicloud"), 0o755))
	for name, path := range files {
		if name != "GITHUB_OUTPUT" {
			require.NoError(t, os.WriteFile(path, []byte(trial.SecretKey), 0o600))
		}
	}
	return folder, files
}

func TestNoResultReplacesAFileOfTheRunnerOrOneThatIsRead(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, trial.Cloud(trial.At(0, "SUCCESS")))
	names := map[string]string{"DMSWAIT_CREDENTIALS_FILE": "credentials_file"} // as faults call them
	_, files := job(t, trial.New(server))
	for name := range files {
		for how, spell := range map[string]func(t *testing.T, path, folder string) string{
			"by its name": func(_ *testing.T, path, _ string) string { return path },
			"spelt otherwise": func(t *testing.T, path, folder string) string {
				relative, err := filepath.Rel(folder, path)
				require.NoError(t, err)
				return folder + "/nested/.././" + relative
			},
			"by a link": func(t *testing.T, path, folder string) string {
				return linked(t, os.Symlink, path, folder)
			},
			"by a hard link": func(t *testing.T, path, folder string) string {
				return linked(t, os.Link, path, folder)
			},
		} {
			t.Run(name+" "+how, func(t *testing.T) {
				t.Parallel()
				tr := trial.New(server)
				folder, files := job(t, tr)
				delete(tr.Env, "DMSWAIT_SECRET_KEY") // it comes from its file
				require.NoError(t, os.Mkdir(filepath.Join(folder, "nested"), 0o755))
				before, err := os.ReadFile(files[name])
				require.NoError(t, err)
				tr.Set("DMSWAIT_OUTPUT_FILE", spell(t, files[name], folder)).Run(t)
				assert.Equal(t, 2, tr.Code, tr.Log.String())
				as := name
				if names[name] != "" {
					as = names[name]
				}
				fault := "output_file: is the same file as " + as + ": give it a path of its own"
				assert.Contains(t, tr.Log.String(), fault)
				assert.NotContains(t, tr.Log.String(), files[name])
				after, err := os.ReadFile(files[name])
				require.NoError(t, err)
				if name != "GITHUB_OUTPUT" && name != "GITHUB_STEP_SUMMARY" {
					assert.Equal(t, string(before), string(after))
				}
				outputs := tr.Outputs(t)
				assert.Equal(t, "1", outputs["before"])
				assert.Equal(t, "usage", outputs["result"])
			})
		}
	}
	t.Cleanup(func() { assert.Empty(t, server.Requests(), "nothing is sent") })
}

func linked(t *testing.T, link func(old, new string) error, path, folder string) string {
	t.Helper()
	name := filepath.Join(folder, "another-name")
	require.NoError(t, link(path, name))
	return name
}

func TestNoDestinationIsAnotherOne(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, trial.Cloud(trial.At(0, "SUCCESS")))
	for name, c := range map[string]struct {
		prepare func(t *testing.T, tr *trial.Trial, folder string)
		fault   string
	}{
		"a result of results_dir": {func(_ *testing.T, tr *trial.Trial, folder string) {
			tr.Set("DMSWAIT_RESULTS_DIR", filepath.Join(folder, "new"))
			tr.Set("DMSWAIT_OUTPUT_FILE", folder+"/new/../new/status")
		}, "results_dir: its file status is the same file as output_file: "},
		"a result of results_dir, by a link to its folder": {func(t *testing.T, tr *trial.Trial, folder string) {
			require.NoError(t, os.Mkdir(filepath.Join(folder, "real"), 0o755))
			require.NoError(t, os.Symlink("real", filepath.Join(folder, "link")))
			tr.Set("DMSWAIT_RESULTS_DIR", filepath.Join(folder, "real"))
			tr.Set("DMSWAIT_OUTPUT_FILE", filepath.Join(folder, "link", "task"))
		}, "results_dir: its file task is the same file as output_file: "},
		"two results of results_dir": {func(t *testing.T, tr *trial.Trial, folder string) {
			require.NoError(t, os.WriteFile(filepath.Join(folder, "status"), nil, 0o600))
			require.NoError(t, os.Symlink("status", filepath.Join(folder, "result")))
			tr.Set("DMSWAIT_RESULTS_DIR", folder)
		}, "results_dir: its file result is the same file as status in results_dir: "},
		"a file of the runner in results_dir": {func(t *testing.T, tr *trial.Trial, folder string) {
			require.NoError(t, os.Symlink(tr.OutputPath, filepath.Join(folder, "status")))
			tr.Set("DMSWAIT_RESULTS_DIR", folder)
		}, "results_dir: its file status is the same file as GITHUB_OUTPUT: "},
		"the summary and the outputs": {func(_ *testing.T, tr *trial.Trial, _ string) {
			tr.Set("GITHUB_STEP_SUMMARY", tr.OutputPath)
		}, "GITHUB_STEP_SUMMARY: is the same file as GITHUB_OUTPUT: "},
		"results_dir itself": {func(_ *testing.T, tr *trial.Trial, folder string) {
			path := filepath.Join(folder, "new")
			tr.Set("DMSWAIT_RESULTS_DIR", path).Set("DMSWAIT_OUTPUT_FILE", path)
		}, "output_file: can't be written: it is a folder"},
		"a folder of results_dir": {func(_ *testing.T, tr *trial.Trial, folder string) {
			path := filepath.Join(folder, "status", "file")
			tr.Set("DMSWAIT_RESULTS_DIR", folder).Set("DMSWAIT_OUTPUT_FILE", path)
		}, "results_dir: can't be written: status: it is a folder"},
		"what stdout goes to": {func(t *testing.T, tr *trial.Trial, folder string) {
			tr.Stdout = opened(t, filepath.Join(folder, "log"))
			tr.Set("DMSWAIT_OUTPUT_FILE", filepath.Join(folder, "log"))
		}, "output_file: is the same file as stdout: "},
		"what stderr goes to, in a dry run": {func(t *testing.T, tr *trial.Trial, folder string) {
			tr.Args = append(tr.Args, "--dry-run")
			tr.Set("DMSWAIT_OUTPUT_FILE", filepath.Join(folder, "log"))
			tr.Stderr = opened(t, filepath.Join(folder, "log"))
		}, "output_file: is the same file as stderr: "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			tr := trial.New(server).InActions(t)
			c.prepare(t, tr, folder)
			tr.Run(t)
			assert.Equal(t, 2, tr.Code, tr.Log.String())
			log := tr.Log.String()
			if content, err := os.ReadFile(filepath.Join(folder, "log")); err == nil {
				log += string(content)
			}
			assert.Contains(t, log, c.fault)
			assert.Equal(t, "1", tr.Outputs(t)["before"])
		})
	}
	t.Cleanup(func() { assert.Empty(t, server.Requests(), "nothing is sent") })
}

func opened(t *testing.T, path string) *os.File {
	t.Helper()
	file, err := os.Create(path)
	require.NoError(t, err)
	t.Cleanup(func() { file.Close() })
	return file
}

func TestFilesThatDifferMayBeAnywhere(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, trial.Cloud(trial.At(0, "SUCCESS")))
	tr := trial.New(server)
	folder, _ := job(t, tr)
	tr.Set("SSL_CERT_FILE", "").Set("DMSWAIT_SECRET_KEY_FILE", "").Set("DMSWAIT_CREDENTIALS_FILE", "")
	tr.Set("DMSWAIT_RESULTS_DIR", folder)
	tr.Set("DMSWAIT_OUTPUT_FILE", filepath.Join(folder, "result.json")).Run(t)
	assert.Equal(t, 0, tr.Code, tr.Log.String())

	devices := trial.New(server).Set("GITHUB_ACTIONS", "true").Set("GITHUB_OUTPUT", os.DevNull)
	devices.Set("GITHUB_STEP_SUMMARY", os.DevNull).Set("DMSWAIT_OUTPUT_FILE", os.DevNull).Run(t)
	assert.Equal(t, 0, devices.Code, devices.Log.String())
}
