package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dmswait/dmswait/internal/simulator"
)

// herd starts many processes at once against a gateway that limits all their requests together, or one process that
// waits for as many tasks, and prints how they fare.
func herd(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("herd", flag.ContinueOnError)
	size := flags.Int("n", 200, "number of processes")
	limit := flags.Int("limit", 60, "requests that the gateway accepts per minute")
	duration := flags.Duration("task", 2*time.Minute, "duration of the task")
	instances := flags.Int("instances", 20, "number of instances that the tasks are of")
	one := flags.Bool("one", false, "one process for all tasks, instead of one for each")
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
	}
	*instances = min(*instances, *size)
	targets := make([]string, *size)
	for i := range targets {
		instance := fmt.Sprintf("%08x-0000-0000-0000-000000000000", i%*instances)
		task := fmt.Sprintf("%032x", i)
		if i < *instances {
			cloud.Instances = append(cloud.Instances, simulator.Instance{ID: instance})
		}
		cloud.Tasks = append(cloud.Tasks, simulator.Task{
			ID: task, Name: "restart", InstanceID: instance,
			Steps: []simulator.Step{{Status: "EXECUTING"}, {After: *duration, Status: "SUCCESS"}},
		})
		targets[i] = instance + "/" + task
	}
	if *one {
		targets = []string{strings.Join(targets, ",")}
	}
	server, err := cloud.Start()
	if err != nil {
		return err
	}
	defer server.Close()

	start := time.Now()
	codes, delays := runAll(targets, *program, environment(server), start.Add(*duration))
	requests := server.Requests()
	fmt.Fprintf(out, "%d tasks of %d instances; %d processes, %d of them exited with 0\n",
		*size, *instances, len(codes), count(codes, 0))
	fmt.Fprintf(out, "%d requests, %d of them throttled; at most %d per second, after the first second\n",
		len(requests), gate.rejected, busiest(requests, start))
	fmt.Fprintf(out, "delay: mean %s, 95th percentile %s, last %s\n", mean(delays).Round(time.Second),
		delays[len(delays)*95/100].Round(time.Second), delays[len(delays)-1].Round(time.Second))
	return nil
}

// runAll runs a process for each value of task_id, all at once. It returns their exit codes, and in ascending order
// how long after end they exited.
func runAll(targets []string, program string, env []string, end time.Time) (codes []int, delays []time.Duration) {
	codes, delays = make([]int, len(targets)), make([]time.Duration, len(targets))
	var group sync.WaitGroup
	for i, target := range targets {
		group.Go(func() {
			command := exec.Command(program, "--task-id", target)
			command.Env = append(slices.Clone(env), "DMSWAIT_INSTANCE_ID=") // the targets name theirs
			_ = command.Run()                                               // the exit code is counted instead
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
