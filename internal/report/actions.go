package report

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/sethvargo/go-githubactions"
)

// Actions speaks to the runner of GitHub Actions. It turns the panics of go-githubactions, which come when a write fails, into errors.
type Actions struct{ action *githubactions.Action }

// NewActions issues workflow commands on w; the runner reads stdout and stderr alike.
func NewActions(w io.Writer, getenv func(string) string) *Actions {
	return &Actions{githubactions.New(githubactions.WithWriter(w), githubactions.WithGetenv(getenv))}
}

// Mask has the runner replace a secret in everything that the job prints from now on.
func (a *Actions) Mask(secret string) {
	// Without a log there is nothing to mask: its error is none.
	_ = caught(func() { a.action.AddMask(secret) })
}

// Annotate shows an error, a warning or a notice with the job's results.
func (a *Actions) Annotate(level, title, text string) {
	titled := a.action.WithFieldsMap(map[string]string{"title": title})
	_ = caught(func() {
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

// Group folds what is printed until EndGroup under a title.
func (a *Actions) Group(title string) { _ = caught(func() { a.action.Group(title) }) }

// EndGroup ends a group.
func (a *Actions) EndGroup() { _ = caught(a.action.EndGroup) }

// SetOutputs appends all outputs to the step's file in one write, so that none is lost or cut by somebody else's.
// The delimiter is a new random one, which no value can forge.
func (a *Actions) SetOutputs(outputs []Output) error {
	delimiter := "dmswait_" + rand.Text()
	var text strings.Builder
	for _, output := range outputs {
		text.WriteString(output.Name + "<<" + delimiter + "\n" + output.Text + "\n" + delimiter + "\n")
	}
	return appendLines(a.action.Getenv("GITHUB_OUTPUT"), text.String())
}

func caught(f func()) (err error) {
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

// AddSummary appends to the job summary.
func (a *Actions) AddSummary(markdown string) error {
	if info, err := os.Stat(a.action.Getenv("GITHUB_STEP_SUMMARY")); err == nil && info.Mode()&fs.ModeNamedPipe != 0 {
		return errors.New("it is a named pipe") // to open it would wait for a reader
	}
	return caught(func() { a.action.AddStepSummary(markdown) })
}
