package config

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPathsThatNoShellHasExpandedAreRefused(t *testing.T) {
	t.Parallel()
	const (
		quotes     = "contains quotation marks: give the path without them"
		unexpanded = "contains a variable or a command that nothing has expanded: write its value"
		noFile     = "is not the path of a file: begin with ./ if its name begins with a dash; stdout is /dev/stdout"
		user       = "begins with ~ and the name of a user, which only a shell expands: write the folder out"
		isURL      = "is a URL: use the path of a file"
	)
	for path, problem := range map[string]string{
		`"out.json"`: quotes, `'out.json'`: quotes, `"out.json`: quotes, `out.json"`: quotes, `'out.json`: quotes,
		`/tmp/"my out".json`: quotes, `dir/'my out.json'`: quotes, `“out.json”`: quotes, `C:/out"`: quotes,
		`$HOME/out.json`: unexpanded, `${HOME}/out.json`: unexpanded, `out-$name.json`: unexpanded,
		`$env:TEMP/out.json`: unexpanded, `$(pwd)/out.json`: unexpanded, `$[variables.x]`: unexpanded,
		"`pwd`/out.json": unexpanded, `{{workspace}}/out`: unexpanded, `${{ runner.temp }}/out`: unexpanded,
		`%TEMP%/out.json`: unexpanded, `%ProgramFiles(x86)%/out`: unexpanded, `out/%USERPROFILE%`: unexpanded,
		`~otto/out.json`: user, `-`: noFile, `--quiet`: noFile,
		`file:///tmp/out.json`: isURL, `obs://bucket/out.json`: isURL,
	} {
		for _, name := range []string{"output_file", "results_dir", "credentials_file"} {
			variable := (&Input{Name: name}).Env()
			_, faults := parse(complete().with(vars{variable: path}))
			assert.Contains(t, faults, name+" "+quote(path)+" "+problem+" (from "+variable+")")
		}
		_, faults := parse(complete().with(vars{"DMSWAIT_SECRET_KEY": "", "DMSWAIT_SECRET_KEY_FILE": path}))
		assert.Equal(t, []string{"secret_key cannot be read from its file: the path " + problem +
			" (from DMSWAIT_SECRET_KEY_FILE)"}, faultsOf(faults, "secret_key"), path)
	}
}

func TestPathsWithUnusualNamesAreAccepted(t *testing.T) {
	t.Parallel()
	for _, path := range []string{
		"out.json", "./-", "./--quiet", "bob's.json", "a b.json", "cost$5.json", "5$", "$", "a$/b", "100%.json",
		"caf%C3%A9.json", "%E4%BD%A0.json", "a%20b%20c.json", "%Y%m%d.json", "~backup.env", "a/~/b", "x{1}.json",
		"a:b/c.json", "12:00.json", "données/Ergebnis-ä.json",
	} {
		got, err := expandPath(path, "/home/me")
		assert.NoError(t, err, path)
		assert.Equal(t, path, got)
	}
}

func TestNameThatLooksLikeAMistakeIsAcceptedIfItExists(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, name := range []string{"$HOME", "'quoted'", "%TEMP%", "{{x}}"} {
		path := filepath.Join(folder, name)
		_, err := expandPath(path+"/out.json", "")
		assert.Error(t, err, name)
		require.NoError(t, os.Mkdir(path, 0o755))
		got, err := expandPath(path+"/out.json", "")
		assert.NoError(t, err, name)
		assert.Equal(t, path+"/out.json", got)
		_, err = expandPath(path+"/$NAME.json", "")
		assert.Error(t, err, "the folder exists, the file does not")
	}
}

func TestTildeIsTheHomeFolder(t *testing.T) {
	t.Parallel()
	variable := map[bool]string{true: "USERPROFILE", false: "HOME"}[runtime.GOOS == "windows"]
	home := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(home, "key"), []byte("s3cret"), 0o600))
	env := complete().with(vars{
		variable: home, "DMSWAIT_OUTPUT_FILE": "~/new/../out.json", "DMSWAIT_RESULTS_DIR": "~",
		"DMSWAIT_SECRET_KEY": "", "DMSWAIT_SECRET_KEY_FILE": "~/key",
	})
	c, faults := parse(env)
	assert.Empty(t, faults)
	assert.Equal(t, home+"/new/../out.json", c.OutputFile)
	assert.Equal(t, home, c.ResultsDir)
	assert.Equal(t, []string{"s3cret"}, c.Secrets())
	assert.Contains(t, c.ProtectedFiles(func(name string) string { return env[name] }),
		NamedFile{"DMSWAIT_SECRET_KEY_FILE", home + "/key"})

	_, faults = parse(env.with(vars{variable: ""}))
	assert.Equal(t, []string{`output_file "~/new/../out.json" begins with ~, but no home folder is set: write it out ` +
		"(from DMSWAIT_OUTPUT_FILE)"}, faultsOf(faults, "output_file"))
}

func TestBackslashIsPartOfAPathOnlyOnWindows(t *testing.T) {
	t.Parallel()
	for _, path := range []string{`C:\out\result.json`, `my\ file.json`} {
		_, err := expandPath(path, "")
		assert.Equal(t, runtime.GOOS == "windows", err == nil, path)
		if err != nil {
			assert.True(t, strings.HasPrefix(err.Error(), "contains a backslash: "), path)
		}
	}
}
