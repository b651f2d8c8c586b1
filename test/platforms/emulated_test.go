//go:build platforms

package platforms_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/test/trial"
)

// buildFor builds the program for another system, and returns its path.
func buildFor(t *testing.T, goos, goarch string) string {
	t.Helper()
	root, err := trial.Root()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "dmswait.exe")
	command := exec.Command("go", "build", "-o", path, ".")
	command.Dir = root
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch)
	out, err := command.CombinedOutput()
	require.NoError(t, err, string(out))
	return path
}

// testPackages runs the tests of the program's packages for another system. emulator is a command that runs a program of
// that system. gaps are what the emulator cannot do: texts that explain a failure, and names of tests.
func testPackages(t *testing.T, env []string, emulator string, gaps ...string) {
	t.Helper()
	// Its credentials last for a second or two, which an emulator may need for one request.
	gaps = append(gaps, "TestCredentialsAreRenewedByTheServersClock")
	root, err := trial.Root()
	require.NoError(t, err)
	list := exec.Command("go", "list", "-f", `{{if .Module}}{{if .Module.Main}}{{.ImportPath}}{{end}}{{end}}`, "-deps", ".")
	list.Dir = root
	listed, err := list.Output()
	require.NoError(t, err)
	tested := strings.Fields(string(listed))
	require.Greater(t, len(tested), 8)
	args := []string{"test", "-json", "-p", "1", "-timeout", "10m", "-exec", emulator}
	command := exec.CommandContext(t.Context(), "go", append(args, tested...)...)
	command.Dir = root
	command.Env = append(append(os.Environ(), "CGO_ENABLED=0"), env...)
	var stderr bytes.Buffer
	command.Stderr = &stderr
	out, _ := command.Output() // a test that fails is judged below
	passed, excused := 0, 0
	printed := map[string][]string{} // by test
	packages := map[string]string{}  // how each ended
	scanner := bufio.NewScanner(bytes.NewReader(out))
	scanner.Buffer(nil, 16<<20)
	for scanner.Scan() {
		var event struct{ Action, Package, Test, Output string }
		require.NoError(t, json.Unmarshal(scanner.Bytes(), &event), scanner.Text())
		test := strings.TrimPrefix(event.Package, "github.com/dmswait/dmswait/") + " " + event.Test
		switch {
		case event.Action == "output":
			printed[test] = append(printed[test], event.Output)
		case event.Test == "":
			packages[test] = event.Action
		case event.Action == "pass":
			passed++
		case event.Action != "fail":
		case isExcused(event.Test, printed[test], gaps):
			excused++
		default:
			t.Errorf("%s: %s", test, strings.Join(printed[test], ""))
		}
	}
	require.NoError(t, scanner.Err())
	assert.Len(t, packages, len(tested), stderr.String())
	for name, end := range packages {
		crashed := end == "fail" && !strings.Contains(strings.Join(printed[name], ""), "FAIL\n")
		assert.False(t, crashed, "%s: %s", name, strings.Join(printed[name], ""))
	}
	assert.Greater(t, passed, 1000)
	t.Logf("%d tests passed, and %d failed because of what the emulator cannot do", passed, excused)
}

// isExcused reports whether a test failed because of a gap of the emulator: it is named, or each of its errors is. A test
// whose subtests failed has no error of its own.
func isExcused(test string, printed, gaps []string) bool {
	for _, line := range printed {
		text := strings.TrimSpace(line)
		if strings.HasPrefix(text, "===") || strings.HasPrefix(text, "--- FAIL") || text == "" {
			continue
		}
		explained := false
		for _, gap := range gaps {
			explained = explained || test == gap || strings.Contains(text, gap)
		}
		if !explained {
			return false
		}
	}
	return true
}

func TestARM64(t *testing.T) {
	qemu := need(t, "qemu-aarch64-static")
	program := buildFor(t, "linux", "arm64")
	server := trial.Start(t, trial.Cloud(trial.At(0, "SUCCESS")))
	folder := t.TempDir()
	tr := trial.New(server, "--output-file", filepath.Join(folder, "dms.env"), "--format", "json").InActions(t)
	command := tr.Command(t)
	command.Path, command.Args = qemu, append([]string{qemu, program}, tr.Args...)
	assert.Equal(t, 0, trial.ExitCode(command.Run()), tr.Log.String())
	assert.Equal(t, "success", tr.JSON(t)["result"])
	assert.Equal(t, "success", tr.Outputs(t)["result"])
	assert.FileExists(t, filepath.Join(folder, "dms.env"))

	// Tests that start themselves again need the kernel to know the emulator.
	testPackages(t, []string{"GOOS=linux", "GOARCH=arm64"}, qemu,
		"TestSettleGivesUpOnAFileThatHangs", "TestNoTemporaryFileIsLeftAfterSettle")
}

// wine returns the environment of a new Windows with a home folder, and the path of that folder.
func wine(t *testing.T, program string) (env []string, home string) {
	t.Helper()
	prefix := filepath.Join(t.TempDir(), "wine")
	env = append(os.Environ(), "WINEPREFIX="+prefix,
		"DISPLAY=", "WINEDEBUG=-all", "WINEDLLOVERRIDES=mscoree,mshtml,winemenubuilder.exe=")
	inWine := func(args ...string) (string, error) {
		command := exec.CommandContext(t.Context(), need(t, "wine"), args...)
		command.Env = env
		out, err := command.CombinedOutput()
		return string(out), err
	}
	out, err := inWine("wineboot", "--init")
	require.NoError(t, err, out)
	t.Cleanup(func() {
		stop := exec.Command("wineserver", "--kill")
		stop.Env = env
		_ = stop.Run()
	})
	if out, err = inWine(program, "--version"); err != nil && strings.Contains(out, "bcryptprimitives.dll") {
		// Wine 8 lacks the one function of this library that Go needs.
		compiler := need(t, "x86_64-w64-mingw32-gcc")
		source := write(t, filepath.Join(t.TempDir(), "random.c"), `#include <windows.h>
#include <ntsecapi.h>
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size) { return RtlGenRandom(data, size); }
`)
		library := filepath.Join(prefix, "drive_c", "windows", "system32", "bcryptprimitives.dll")
		text, err := exec.Command(compiler, "-shared", "-o", library, source, "-ladvapi32").CombinedOutput()
		require.NoError(t, err, string(text))
		out, err = inWine(program, "--version")
		require.NoError(t, err, out)
	}
	require.Equal(t, "dmswait devel\n", lastLine(out))
	homes, err := filepath.Glob(filepath.Join(prefix, "drive_c", "users", "*", "Temp"))
	require.NoError(t, err)
	for _, temp := range homes {
		if home = filepath.Dir(temp); filepath.Base(home) != "Public" {
			return env, home
		}
	}
	t.Fatal("Wine made no home folder")
	return nil, ""
}

func lastLine(text string) string {
	return text[strings.LastIndex(strings.TrimSuffix(text, "\n"), "\n")+1:]
}

func TestWindows(t *testing.T) {
	emulator := need(t, "wine")
	program := buildFor(t, "windows", "amd64")
	env, home := wine(t, program)
	user := `C:\users\` + filepath.Base(home)

	server := trial.Start(t, trial.Cloud(trial.At(0, "SUCCESS")))
	inWindows := func(tr *trial.Trial) *trial.Trial {
		command := tr.Command(t)
		command.Path, command.Args = emulator, append([]string{emulator, program}, tr.Args...)
		command.Env = append(command.Env, env...)
		assert.Equal(t, 0, trial.ExitCode(command.Run()), tr.Log.String())
		assert.NotContains(t, tr.Out.String()+tr.Log.String(), "\r")
		return tr
	}

	// The secret key is in a file of Notepad, and the results go to folders of Windows, one of which holds an old result.
	write(t, filepath.Join(home, "key.txt"), trial.SecretKey+"\r\n")
	write(t, filepath.Join(home, "dms.env"), strings.Repeat("old\n", 1000))
	tr := trial.New(server, "--format", "json", "--output-file", user+`\dms.env`, "--results-dir", user+`\new\results`)
	delete(tr.Env, "DMSWAIT_SECRET_KEY")
	inWindows(tr.Set("DMSWAIT_SECRET_KEY_FILE", user+`\key.txt`).
		Set("GITHUB_ACTIONS", "true").Set("GITHUB_OUTPUT", user+`\output`))
	assert.Equal(t, "success", tr.JSON(t)["result"])
	content, err := os.ReadFile(filepath.Join(home, "dms.env"))
	require.NoError(t, err)
	assert.Contains(t, string(content), "DMS_RESULT=success\n")
	assert.NotContains(t, string(content), "old")
	content, err = os.ReadFile(filepath.Join(home, "new", "results", "result"))
	require.NoError(t, err)
	assert.Equal(t, "success", string(content))
	content, err = os.ReadFile(filepath.Join(home, "output"))
	require.NoError(t, err)
	assert.Equal(t, "success", trial.ParseOutputs(t, string(content))["result"])

	// The profile is in %USERPROFILE%.
	require.NoError(t, os.Mkdir(filepath.Join(home, ".huaweicloud"), 0o755))
	write(t, filepath.Join(home, ".huaweicloud", "credentials"),
		"[basic]\r\nak = "+trial.AccessKey+"\r\nsk = "+trial.SecretKey+"\r\n")
	tr = trial.New(server)
	delete(tr.Env, "DMSWAIT_ACCESS_KEY")
	delete(tr.Env, "DMSWAIT_SECRET_KEY")
	inWindows(tr)
	assert.Contains(t, tr.Log.String(), "credentials")

	for _, setting := range env {
		name, value, _ := strings.Cut(setting, "=")
		t.Setenv(name, value)
	}
	testPackages(t, []string{"GOOS=windows", "GOARCH=amd64"}, emulator,
		"TempDir RemoveAll cleanup: ",               // Wine 8 cannot remove files as Go does
		"TestFileIsTheSameByWhateverPath",           // symbolic links
		"TestConcurrentWritersDoNotCutOutputsInTwo") // appending is not atomic
}
