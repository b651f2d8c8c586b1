package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dmswait/dmswait/internal/simulator"
)

// oneshot compares a run of dmswait that polls once with curl and the bare program.
func oneshot(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("oneshot", flag.ContinueOnError)
	rounds := flags.Int("n", 40, "number of runs of each program")
	secure := flags.Bool("tls", false, "use TLS, with the simulator's CA in addition to the system's")
	flags.SetOutput(io.Discard)
	if err := flags.Parse(args); err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "dmswait-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if err := build(folder, true, dmswait, bare, peak); err != nil {
		return err
	}
	return compare(folder, *secure, *rounds, out)
}

// compare measures the programs in the folder, and prints the comparison. The programs take turns,
// so that other load on the machine affects all of them alike.
func compare(folder string, secure bool, rounds int, out io.Writer) error {
	server, ca, err := startCloud(secure, folder)
	if err != nil {
		return err
	}
	defer server.Close()
	programs, err := contenders(server, ca, folder)
	if err != nil {
		return err
	}
	for n := range rounds {
		for i := range programs {
			if err := programs[(n+i)%len(programs)].run(); err != nil {
				return err
			}
		}
	}
	for _, p := range programs {
		if err := p.measureMemory(filepath.Join(folder, "peak")); err != nil {
			return err
		}
	}
	_, err = io.WriteString(out, comparison(programs))
	return err
}

// startCloud starts a cloud with the example task. With TLS, it writes the CA to a file in the
// folder.
func startCloud(secure bool, folder string) (server *simulator.Server, ca string, err error) {
	cloud := simulator.Simulator{
		Keys:  map[string]string{accessKey: secretKey},
		Tasks: []simulator.Task{simulator.ExampleTask},
	}
	if !secure {
		server, err = cloud.Start()
		return server, "", err
	}
	if server, err = cloud.StartTLS("127.0.0.1:0", "127.0.0.1"); err != nil {
		return nil, "", err
	}
	ca, err = server.CAFile(folder)
	return server, ca, err
}

// contenders returns the programs to compare, dmswait first. The others cannot sign, so they get an
// error response, which is about as long.
func contenders(server *simulator.Server, ca, folder string) ([]*contender, error) {
	curl, err := exec.LookPath("curl")
	if err != nil {
		return nil, err
	}
	url := server.URL + "/v2/" + simulator.DefaultProjectID + "/instances/" + simulator.DefaultInstanceID +
		"/tasks/" + simulator.ExampleTask.ID
	env := environment(server)
	curlArgs := []string{curl, "--silent", url}
	if ca != "" {
		env = append(env, "SSL_CERT_FILE="+ca)
		curlArgs = append(curlArgs, "--cacert", ca)
	}
	return []*contender{
		{name: "dmswait", args: []string{filepath.Join(folder, "dmswait"), "--timeout", "0"}, env: env},
		{name: "bare", args: []string{filepath.Join(folder, "bare"), url}, env: env},
		{name: "curl", args: curlArgs, env: env},
	}, nil
}

// contender is a program that sends one request, with its measurements.
type contender struct {
	name      string
	args, env []string
	times     []time.Duration // from start to exit
	memory    int64           // peak, in KiB
}

func (c *contender) run() error {
	command := exec.Command(c.args[0], c.args[1:]...)
	command.Env = c.env
	start := time.Now()
	err := command.Run()
	c.times = append(c.times, time.Since(start))
	if err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	return nil
}

// measureMemory sets the peak memory to the median of five runs, using the peak program.
func (c *contender) measureMemory(peak string) error {
	var peaks []int64
	for range 5 {
		command := exec.Command(peak, c.args...)
		command.Env = c.env
		out, err := command.Output()
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		kib, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
		if err != nil {
			return err
		}
		peaks = append(peaks, kib)
	}
	slices.Sort(peaks)
	c.memory = peaks[len(peaks)/2]
	return nil
}

// comparison returns a table. The ratios are dmswait's figure divided by that of the program in the
// row.
func comparison(programs []*contender) string {
	for _, p := range programs {
		slices.Sort(p.times)
	}
	var b strings.Builder
	b.WriteString("| | time, median | time, fastest 10 % | ratio | peak memory | ratio |\n")
	b.WriteString("| --- | ---: | ---: | ---: | ---: | ---: |\n")
	ours := programs[0]
	for _, p := range programs {
		median, fastest := p.times[len(p.times)/2], p.times[len(p.times)/10]
		fmt.Fprintf(&b, "| %s | %.2f ms | %.2f ms | %.2f | %.1f MiB | %.2f |\n",
			p.name, ms(median), ms(fastest), ms(ours.times[len(ours.times)/2])/ms(median),
			float64(p.memory)/1024, float64(ours.memory)/float64(p.memory))
	}
	return b.String()
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
