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

// job makes a run a step of a job with all files of a runner, and files that are read.
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

func TestResultsNeverReplaceFilesOfOthers(t *testing.T) {
	t.Parallel()
	server := trial.Start(t, trial.Cloud(trial.At(0, "SUCCESS")))
	names := map[string]string{"DMSWAIT_CREDENTIALS_FILE": "credentials_file"} // its name in faults
	_, files := job(t, trial.New(server))
	for name := range files {
		for how, spell := range map[string]func(t *testing.T, path, folder string) string{
			"by its name": func(_ *testing.T, path, _ string) string { return path },
			"spelled differently": func(t *testing.T, path, folder string) string {
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
				delete(tr.Env, "DMSWAIT_SECRET_KEY") // read from its file instead
				require.NoError(t, os.Mkdir(filepath.Join(folder, "nested"), 0o755))
				before, err := os.ReadFile(files[name])
				require.NoError(t, err)
				tr.Set("DMSWAIT_OUTPUT_FILE", spell(t, files[name], folder)).Run(t)
				assert.Equal(t, 2, tr.Code, tr.Log.String())
				as := name
				if names[name] != "" {
					as = names[name]
				}
				fault := "error: output_file is the same file as " + as + ": use another path\n"
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
	t.Cleanup(func() { assert.Empty(t, server.Requests()) })
}

func linked(t *testing.T, link func(old, new string) error, path, folder string) string {
	t.Helper()
	name := filepath.Join(folder, "another-name")
	require.NoError(t, link(path, name))
	return name
}

func TestDifferentFilesMayShareAFolder(t *testing.T) {
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
