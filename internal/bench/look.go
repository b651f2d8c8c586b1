package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dmswait/dmswait/internal/simulator"
)

// look measures one look from start to exit, beside curl and the bare program, turn by turn so that all have the same weather.
func look(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("look", flag.ContinueOnError)
	rounds := flags.Int("n", 40, "how often each program is run")
	secure := flags.Bool("tls", false, "over TLS, with the simulator's CA beside the system's")
	flags.SetOutput(io.Discard)
	if err := flags.Parse(args); err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "dmswait-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	server, ca, err := startCloud(*secure, folder)
	if err != nil {
		return err
	}
	defer server.Close()
	programs, err := lookers(server, ca, folder)
	if err != nil {
		return err
	}
	for n := range *rounds {
		for i := range programs {
			if err := programs[(n+i)%len(programs)].run(); err != nil {
				return err
			}
		}
	}
	peak, err := build(folder, "peak", module+"/internal/bench/peak")
	if err != nil {
		return err
	}
	for _, p := range programs {
		if err := p.weigh(peak); err != nil {
			return err
		}
	}
	fmt.Fprint(out, lookTable(programs))
	return nil
}

// startCloud starts a cloud with the example task, and writes its CA if it has one.
func startCloud(secure bool, folder string) (server *simulator.Server, ca string, err error) {
	sim := simulator.Simulator{Keys: map[string]string{accessKey: secretKey}, Tasks: []simulator.Task{simulator.ExampleTask}}
	if !secure {
		server, err = sim.Start()
		return server, "", err
	}
	if server, err = sim.StartTLS("127.0.0.1:0", "127.0.0.1"); err != nil {
		return nil, "", err
	}
	ca, err = server.CAFile(folder)
	return server, ca, err
}

// lookers are the programs to compare, dmswait first. Only that one can sign; the others get the gateway's refusal, which is as long as an answer.
func lookers(server *simulator.Server, ca, folder string) ([]*looker, error) {
	ours, err := build(folder, "dmswait", module)
	if err != nil {
		return nil, err
	}
	bare, err := build(folder, "bare", module+"/internal/bench/bare")
	if err != nil {
		return nil, err
	}
	curl, err := exec.LookPath("curl")
	if err != nil {
		return nil, err
	}
	url := server.URL + "/v2/" + simulator.DefaultProjectID + "/instances/" + simulator.DefaultInstanceID + "/tasks/" + simulator.ExampleTask.ID
	env := environment(server)
	curlArgs := []string{curl, "--silent", url}
	if ca != "" {
		env = append(env, "SSL_CERT_FILE="+ca)
		curlArgs = append(curlArgs, "--cacert", ca)
	}
	return []*looker{
		{name: "dmswait", args: []string{ours, "--timeout", "0"}, env: env},
		{name: "bare", args: []string{bare, url}, env: env},
		{name: "curl", args: curlArgs, env: env},
	}, nil
}

// looker is one program that gets something by HTTP, and what its runs took.
type looker struct {
	name      string
	args, env []string
	walls     []time.Duration
	peak      int64 // KiB of memory
}

func (l *looker) run() error {
	command := exec.Command(l.args[0], l.args[1:]...)
	command.Env = l.env
	began := time.Now()
	err := command.Run()
	l.walls = append(l.walls, time.Since(began))
	if err != nil {
		return fmt.Errorf("%s: %w", l.name, err)
	}
	return nil
}

// weigh takes the peak of memory, by the program that does only that.
func (l *looker) weigh(peak string) error {
	var peaks []int64
	for range 5 {
		command := exec.Command(peak, l.args...)
		command.Env = l.env
		printed, err := command.Output()
		if err != nil {
			return fmt.Errorf("%s: %w", l.name, err)
		}
		kib, err := strconv.ParseInt(strings.TrimSpace(string(printed)), 10, 64)
		if err != nil {
			return err
		}
		peaks = append(peaks, kib)
	}
	slices.Sort(peaks)
	l.peak = peaks[len(peaks)/2]
	return nil
}

func lookTable(programs []*looker) string {
	var b strings.Builder
	b.WriteString("| | wall, median | wall, fastest tenth | ours to it | peak memory | ours to it |\n| --- | ---: | ---: | ---: | ---: | ---: |\n")
	ours := programs[0]
	for _, p := range programs {
		slices.Sort(p.walls)
		median := p.walls[len(p.walls)/2]
		fmt.Fprintf(&b, "| %s | %.2f ms | %.2f ms | %.2f | %.1f MiB | %.2f |\n", p.name, ms(median), ms(p.walls[len(p.walls)/10]),
			ms(ours.walls[len(ours.walls)/2])/ms(median), float64(p.peak)/1024, float64(ours.peak)/float64(p.peak))
	}
	return b.String()
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
