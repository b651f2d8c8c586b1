//go:build unix

package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
)

// builds is where the programs are that the tests run.
var builds = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "dmswait-conformance-") })

// program builds dmswait once for all tests, as a user would.
var program = sync.OnceValues(func() (string, error) { return build("dmswait") })

// programWithResolver is dmswait and one more file, which makes Go's resolver use the server in
// TEST_RESOLVER. Without privileges there is no other way to give a process a DNS server.
var programWithResolver = sync.OnceValues(func() (string, error) {
	folder, err := builds()
	if err != nil {
		return "", err
	}
	source, err := filepath.Abs(filepath.Join("testdata", "resolver.go"))
	if err != nil {
		return "", err
	}
	place, err := filepath.Abs(filepath.Join("..", "..", "resolver.go"))
	if err != nil {
		return "", err
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {place: source}})
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "overlay.json")
	if err := os.WriteFile(path, overlay, 0o600); err != nil {
		return "", err
	}
	return build("dmswait-resolver", "-overlay", path)
})

func build(name string, flags ...string) (string, error) {
	folder, err := builds()
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, name)
	command := exec.Command("go", append(append([]string{"build", "-o", path}, flags...), ".")...)
	command.Dir = filepath.Join("..", "..")
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
}

func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("test.parallel").Value.String() == flag.Lookup("test.parallel").DefValue {
		_ = flag.Set("test.parallel", "12") // waiting for faults needs no processor
	}
	zerolog.SetGlobalLevel(zerolog.Disabled) // toxics log every change
	code := m.Run()
	if folder, err := builds(); err == nil {
		os.RemoveAll(folder)
	}
	os.Exit(code)
}

// process is a running dmswait, as a step of a GitHub Actions job.
type process struct {
	command *exec.Cmd
	began   time.Time
	ended   chan struct{}
	output  string // the paths of GITHUB_OUTPUT and GITHUB_STEP_SUMMARY
	summary string

	mu     sync.Mutex
	stdout bytes.Buffer
	log    bytes.Buffer
	news   chan struct{} // closed with every piece of the log

	took   time.Duration
	memory int // peak memory in kB; 0 where the system does not say
	files  int // most files and connections open at once; 0 where the system does not say
}

// startProcess runs the program with these variables and no others, until the limit.
func startProcess(t *testing.T, path string, limit time.Duration, env map[string]string) *process {
	t.Helper()
	folder := t.TempDir()
	p := &process{ended: make(chan struct{}), news: make(chan struct{}), output: filepath.Join(folder, "output"), summary: filepath.Join(folder, "summary")}
	write(t, p.output, "")
	write(t, p.summary, "")
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	p.command = exec.CommandContext(ctx, path)
	p.command.Env = []string{"HOME=" + folder, "GITHUB_ACTIONS=true", "GITHUB_OUTPUT=" + p.output, "GITHUB_STEP_SUMMARY=" + p.summary}
	for name, value := range env {
		p.command.Env = append(p.command.Env, name+"="+value)
	}
	p.command.Stdout = writer(func(text []byte) { p.stdout.Write(text) })
	p.command.Stderr = writer(p.record)
	p.began = time.Now()
	require.NoError(t, p.command.Start())
	go func() {
		_ = p.command.Wait() // the exit code is checked later
		p.took = time.Since(p.began)
		close(p.ended)
	}()
	t.Cleanup(func() { <-p.ended })
	return p
}

type writer func([]byte)

func (w writer) Write(text []byte) (int, error) {
	w(text)
	return len(text), nil
}

// record appends to the log, and measures the process. Its rusage would not do: up to its start that is the
// test's own.
func (p *process) record(text []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.log.Write(text)
	close(p.news)
	p.news = make(chan struct{})

	folder := fmt.Sprintf("/proc/%d/", p.command.Process.Pid)
	status, _ := os.ReadFile(folder + "status")
	if _, rest, ok := strings.Cut(string(status), "VmHWM:"); ok {
		if kB, err := strconv.Atoi(strings.Fields(rest)[0]); err == nil {
			p.memory = max(p.memory, kB)
		}
	}
	if files, err := os.ReadDir(folder + "fd"); err == nil {
		p.files = max(p.files, len(files))
	}
}

func (p *process) logged() (log string, news chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String(), p.news
}

// await waits until the log shows something, or until the process has ended.
func (p *process) await(shown func(log string) bool) {
	for {
		log, news := p.logged()
		if shown(log) {
			return
		}
		select {
		case <-news:
		case <-p.ended:
			return
		}
	}
}

// outputs reads the outputs as the runner does, and returns their names in order.
func (p *process) outputs(t *testing.T) (names []string, values map[string]string) {
	t.Helper()
	content, err := os.ReadFile(p.output)
	require.NoError(t, err)
	values = map[string]string{}
	if len(content) == 0 {
		return nil, values
	}
	lines := strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		name, delimiter, multiline := strings.Cut(lines[i], "<<")
		var value []string
		if !multiline {
			only, text, ok := strings.Cut(lines[i], "=")
			require.True(t, ok, "line %q of GITHUB_OUTPUT", lines[i])
			name, value = only, []string{text}
		}
		if multiline {
			for i++; i < len(lines) && lines[i] != delimiter; i++ {
				value = append(value, lines[i])
			}
			require.Less(t, i, len(lines), "the output %s has no end", name)
		}
		names = append(names, name)
		values[name] = strings.Join(value, "\n")
	}
	return names, values
}
