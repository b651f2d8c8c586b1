package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/dmswait/dmswait/internal/simulator"
)

// herd starts many processes at once against a gateway that limits all their requests together, and
// prints how they fare.
func herd(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("herd", flag.ContinueOnError)
	size := flags.Int("n", 200, "number of processes")
	limit := flags.Int("limit", 60, "requests that the gateway accepts per minute")
	duration := flags.Duration("task", 2*time.Minute, "duration of the task")
	program := flags.String("program", "", "the dmswait to run (default: built from this repository)")
	flags.SetOutput(io.Discard)
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *program == "" {
		folder, err := os.MkdirTemp("", "dmswait-bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(folder)
		if err := build(folder, true, dmswait); err != nil {
			return err
		}
		*program = filepath.Join(folder, "dmswait")
	}
	gate := &gate{limit: *limit}
	cloud := simulator.Simulator{
		Keys:      map[string]string{accessKey: secretKey},
		Intercept: gate.intercept,
		Tasks: []simulator.Task{{
			ID: simulator.ExampleTask.ID, Name: "restart",
			Steps: []simulator.Step{{Status: "EXECUTING"}, {After: *duration, Status: "SUCCESS"}},
		}},
	}
	server, err := cloud.Start()
	if err != nil {
		return err
	}
	defer server.Close()

	start := time.Now()
	codes, delays := runAll(*size, *program, environment(server), start.Add(*duration))
	requests := server.Requests()
	fmt.Fprintf(out, "%d processes, %d of them exited with 0\n", *size, count(codes, 0))
	fmt.Fprintf(out, "%d requests, %d of them throttled; at most %d per second, after the first second\n",
		len(requests), gate.rejected, busiest(requests, start))
	fmt.Fprintf(out, "delay: mean %s, 95th percentile %s, last %s\n", mean(delays).Round(time.Second),
		delays[*size*95/100].Round(time.Second), delays[*size-1].Round(time.Second))
	return nil
}

// runAll runs a number of processes at once. It returns their exit codes, and in ascending order
// how long after end they exited.
func runAll(size int, program string, env []string, end time.Time) (codes []int, delays []time.Duration) {
	codes, delays = make([]int, size), make([]time.Duration, size)
	var group sync.WaitGroup
	for i := range size {
		group.Go(func() {
			command := exec.Command(program)
			command.Env = env
			_ = command.Run() // the exit code is counted instead
			codes[i], delays[i] = command.ProcessState.ExitCode(), time.Since(end)
		})
	}
	group.Wait()
	slices.Sort(delays)
	return codes, delays
}

// gate limits requests per minute as the cloud's gateway does: rejected requests do not count.
type gate struct {
	mu                 sync.Mutex
	limit              int
	since              time.Time // start of the current minute
	accepted, rejected int       // accepted in the current minute, rejected in total
}

func (g *gate) intercept(r simulator.Request) *simulator.Response {
	g.mu.Lock()
	defer g.mu.Unlock()
	if r.At.Sub(g.since) >= time.Minute {
		g.since, g.accepted = r.At, 0
	}
	if g.accepted < g.limit {
		g.accepted++
		return nil
	}
	g.rejected++
	return simulator.Fault(429, "APIGW.0308", fmt.Sprintf("The throttling threshold has been reached: "+
		"policy user over ratelimit,limit:%d,time:1 minute", g.limit))
}

// busiest returns the maximum number of requests in any second but the first, in which all
// processes start.
func busiest(requests []simulator.Request, start time.Time) int {
	counts := map[time.Duration]int{}
	busiest := 0
	for _, r := range requests {
		second := r.At.Sub(start) / time.Second
		counts[second]++
		if second > 0 {
			busiest = max(busiest, counts[second])
		}
	}
	return busiest
}

func count(all []int, wanted int) int {
	n := 0
	for _, one := range all {
		if one == wanted {
			n++
		}
	}
	return n
}

func mean(all []time.Duration) time.Duration {
	var sum time.Duration
	for _, one := range all {
		sum += one
	}
	return sum / time.Duration(len(all))
}
