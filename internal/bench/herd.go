package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"sync"
	"time"

	"github.com/dmswait/dmswait/internal/simulator"
)

// herd starts many processes at once against a gateway that counts the requests of all of them together, and tells how they fare.
func herd(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("herd", flag.ContinueOnError)
	size := flags.Int("n", 200, "processes")
	limit := flags.Int("limit", 60, "requests that are let through in a minute")
	ends := flags.Duration("task", 2*time.Minute, "how long the task takes")
	program := flags.String("program", "", "the dmswait to run; empty: this repository's")
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
		if *program, err = build(folder, "dmswait", module); err != nil {
			return err
		}
	}
	gate := &gate{limit: *limit}
	sim := simulator.Simulator{
		Keys:      map[string]string{accessKey: secretKey},
		Intercept: gate.intercept,
		Tasks:     []simulator.Task{{ID: simulator.ExampleTask.ID, Name: "restart", Steps: []simulator.Step{{Status: "EXECUTING"}, {After: *ends, Status: "SUCCESS"}}}},
	}
	server, err := sim.Start()
	if err != nil {
		return err
	}
	defer server.Close()

	began := time.Now()
	over := began.Add(*ends)
	late := make([]time.Duration, *size)
	codes := make([]int, *size)
	var group sync.WaitGroup
	for i := range *size {
		group.Go(func() {
			command := exec.Command(*program)
			command.Env = environment(server)
			_ = command.Run() // its exit code is what counts
			codes[i], late[i] = command.ProcessState.ExitCode(), time.Since(over)
		})
	}
	group.Wait()
	requests := server.Requests()
	fmt.Fprintf(out, "%d processes, %d of them ended with 0\n", *size, *size-len(slices.DeleteFunc(codes, func(code int) bool { return code == 0 })))
	fmt.Fprintf(out, "%d requests, %d of them throttled; most in one second, after the first: %d\n", len(requests), gate.refused, busiest(requests, began))
	slices.Sort(late)
	fmt.Fprintf(out, "late: mean %s, 95 %% of them at most %s, the last %s\n", mean(late).Round(time.Second), late[*size*95/100].Round(time.Second), late[*size-1].Round(time.Second))
	return nil
}

// gate counts as the cloud's gateway does: so many requests in a minute, those that it refuses left out.
type gate struct {
	mu               sync.Mutex
	limit            int
	since            time.Time
	through, refused int
}

func (g *gate) intercept(r simulator.Request) *simulator.Response {
	g.mu.Lock()
	defer g.mu.Unlock()
	if r.At.Sub(g.since) >= time.Minute {
		g.since, g.through = r.At, 0
	}
	if g.through < g.limit {
		g.through++
		return nil
	}
	g.refused++
	return simulator.Fault(429, "APIGW.0308", fmt.Sprintf("The throttling threshold has been reached: policy user over ratelimit,limit:%d,time:1 minute", g.limit))
}

// busiest is the most requests that came in any one second, the first one left out: then all begin.
func busiest(requests []simulator.Request, began time.Time) int {
	counts := map[time.Duration]int{}
	most := 0
	for _, r := range requests {
		second := r.At.Sub(began) / time.Second
		counts[second]++
		if second > 0 {
			most = max(most, counts[second])
		}
	}
	return most
}

func mean(all []time.Duration) time.Duration {
	var sum time.Duration
	for _, one := range all {
		sum += one
	}
	return sum / time.Duration(len(all))
}
