package output

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/sethvargo/go-githubactions"

	"github.com/dmswait/dmswait/internal/file"
	"github.com/dmswait/dmswait/internal/result"
)

// StepOutputs is the destination GITHUB_OUTPUT: the outputs of a step in GitHub Actions.
type StepOutputs struct{ Path string }

// Name returns GITHUB_OUTPUT.
func (o StepOutputs) Name() string { return "GITHUB_OUTPUT" }

// Required returns true.
func (o StepOutputs) Required() bool { return true }

// Files returns the file.
func (o StepOutputs) Files() []File { return []File{{Path: o.Path, Appends: true}} }

// Check finds out whether the file can be appended to, and creates it if there is none.
func (o StepOutputs) Check() error { return checkRunnersFile(o.Path) }

// checkRunnersFile finds out whether a file of the runner can be appended to, and creates it if there is none.
func checkRunnersFile(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
	case info.IsDir() || info.Mode()&fs.ModeNamedPipe != 0: // opening a pipe would wait for a reader
		return fmt.Errorf("%q is not a file", path)
	case info.Mode().IsRegular() && isUTF16(path):
		return errors.New("it begins with UTF-16, and UTF-8 after that would be unreadable: " +
			"in PowerShell 5.1, append to it with Out-File -Encoding utf8 -Append, not with > or >>")
	}
	return file.CheckAppend(path)
}

// isUTF16 reports whether a file begins with the byte order mark of UTF-16 or UTF-32.
func isUTF16(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	mark := make([]byte, 4)
	n, _ := io.ReadFull(f, mark)
	switch {
	case n < 2:
		return false
	case mark[0] == 0xff && mark[1] == 0xfe, mark[0] == 0xfe && mark[1] == 0xff:
		return true
	}
	return n == 4 && string(mark) == "\x00\x00\xfe\xff"
}

// Write appends all outputs in one write, so that other programs' outputs are neither lost nor cut in two. The
// delimiter is random and used once, so that no value can contain it.
func (o StepOutputs) Write(r *result.Report) error {
	delimiter := "dmswait_" + rand.Text()
	var lines strings.Builder
	for _, output := range values(r) {
		lines.WriteString(output.name + "<<" + delimiter + "\n" + output.text + "\n" + delimiter + "\n")
	}
	return file.AppendLines(o.Path, lines.String())
}

// Actions issues workflow commands to the runner of GitHub Actions.
type Actions struct{ action *githubactions.Action }

// NewActions returns an Actions that writes its commands to w. The runner reads them from stdout and stderr
// alike.
func NewActions(w io.Writer, getenv func(string) string) *Actions {
	return &Actions{githubactions.New(githubactions.WithWriter(lines{w}), githubactions.WithGetenv(getenv))}
}

// lines ends commands with a line feed on Windows too, where go-githubactions ends them with two characters. In a
// command itself, both are escaped.
type lines struct{ io.Writer }

func (l lines) Write(command []byte) (int, error) {
	_, err := l.Writer.Write(bytes.ReplaceAll(command, []byte("\r\n"), []byte("\n")))
	return len(command), err
}

// Mask has the runner replace a secret in everything that the job prints from now on.
func (a *Actions) Mask(secret string) {
	// The error does not matter: a log that cannot be written shows nothing.
	_ = recovered(func() { a.action.AddMask(secret) })
}

// Annotate shows an annotation on the page of the workflow run. The level is error, warning or notice.
func (a *Actions) Annotate(level, title, text string) {
	titled := a.action.WithFieldsMap(map[string]string{"title": title})
	_ = recovered(func() {
		switch level {
		case "error":
			titled.Errorf("%s", text)
		case "warning":
			titled.Warningf("%s", text)
		default:
			titled.Noticef("%s", text)
		}
	})
}

// recovered runs f, and returns its panic as an error: go-githubactions panics when a write fails.
func recovered(f func()) (err error) {
	defer func() {
		switch reason := recover().(type) {
		case nil:
		case error:
			err = reason
		default:
			err = errors.New(fmt.Sprint(reason))
		}
	}()
	f()
	return nil
}
