package output

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/poll"
	"github.com/dmswait/dmswait/internal/result"
)

// timelineOf returns the timeline of a wait. Each response is preceded by its time in seconds, and is a status
// or an error.
func timelineOf(responses ...any) *Timeline {
	timeline := &Timeline{}
	for i := 0; i < len(responses); i += 2 {
		at := time.Duration(responses[i].(int)) * time.Second
		timeline.Poll(new(outcome(at, responses[i+1])))
	}
	return timeline
}

// outcome returns what a poll found that got this response, a status or an error.
func outcome(at time.Duration, response any) poll.Outcome {
	p := poll.Outcome{Round: 1, At: at}
	switch response := response.(type) {
	case client.Status:
		p.Kind, p.State.Status = poll.Running, response
		if response.Ended() {
			p.Kind = poll.Ended
		}
	case *client.Error:
		p.Kind, p.Err = poll.Failing, response
		if errors.As(response, new(*client.NoTaskError)) {
			p.Kind = poll.Missing
		}
	}
	return p
}

// eventfulTimeline returns a timeline with spans of every sort.
func eventfulTimeline() *Timeline {
	busy := serviceError(503, "DMS.00500001", "busy")
	refused := networkError(errors.New("connection refused"))
	return timelineOf(
		0, busy,
		10, noTaskError(),
		20, client.Created,
		25, client.Created,
		30, client.Executing,
		60, busy,
		80, refused,
		90, client.Status("<PAUSED>"),
		100, client.Executing,
		120, client.Success,
	)
}

const ownNames = `(running|created|executing|not found yet|no valid response|many changes|timeout)`

func TestAxisOfAChartHasHoursFromOneHourOnAndDaysFromOneDayOn(t *testing.T) {
	t.Parallel()
	for waited, want := range map[time.Duration]string{
		time.Hour - 1: "%-Mm%Ss", time.Hour: "%-Hh%Mm", 24*time.Hour - 1: "%-Hh%Mm", 24 * time.Hour: "day %-j %-Hh%Mm",
	} {
		assert.Equal(t, want, axisFormat(waited), waited)
	}
}

// chartLine matches the lines of a chart, with TIME for its times.
var (
	chartLine = regexp.MustCompile("^(gantt|  dateFormat YYYY-MM-DD HH:mm:ss.SSS|  todayMarker off|" +
		"  axisFormat (%-Mm%Ss|%-Hh%Mm|day %-j %-Hh%Mm)|  section (task|API|end)|" +
		"  " + ownNames + "( [0-9hms.]+)? :(active|done|crit|milestone), TIME, TIME)$")
	chartTime = regexp.MustCompile(`20[0-9]{2}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}`)
)

// requireChart requires that a chart consists of our own words and times, and that no bar ends before it
// begins.
func requireChart(t *testing.T, chart string) {
	t.Helper()
	body, ok := strings.CutPrefix(chart, "```mermaid\n")
	require.True(t, ok, "%q", chart)
	body, ok = strings.CutSuffix(body, "\n```\n")
	require.True(t, ok, "%q", chart)
	lines := strings.Split(body, "\n")
	require.LessOrEqual(t, len(lines), maxSpans+8)
	for _, line := range lines {
		require.Regexp(t, chartLine, chartTime.ReplaceAllString(line, "TIME"))
		if times := chartTime.FindAllString(line, -1); len(times) == 2 {
			require.LessOrEqual(t, times[0], times[1], line)
		}
	}
}

func TestChartContainsNoTextOfTheService(t *testing.T) {
	t.Parallel()
	for _, text := range append([]string{"```", "<script>", "EVIL"}, hostileTexts...) {
		timeline := timelineOf(
			0, client.Status(text),
			30, serviceError(503, text, text),
			50, networkError(errors.New(text)),
			60, client.Status("X"+text),
		)
		requireChart(t, timeline.gantt(&result.Report{Result: result.Timeout, Waited: 90 * time.Second}))
	}
}

func TestBarsOfAChartFollowEachOtherToTheEnd(t *testing.T) {
	t.Parallel()
	chart := eventfulTimeline().gantt(&result.Report{Result: result.Success, Waited: 121 * time.Second})
	bars := map[string]string{} // from → to
	for line := range strings.SplitSeq(chart, "\n") {
		if times := chartTime.FindAllString(line, -1); len(times) == 2 && !strings.Contains(line, ":milestone") {
			bars[times[0]] = times[1]
		}
	}
	assert.Len(t, bars, 7)
	at := "2000-01-01 00:00:00.000"
	for range len(bars) {
		at = bars[at]
	}
	assert.Equal(t, "2000-01-01 00:02:01.000", at, chart)
	assert.Contains(t, chart, "  success :milestone, 2000-01-01 00:02:01.000, 2000-01-01 00:02:01.000\n")
}

func TestBarsOfShortSpansCanBeSeen(t *testing.T) {
	t.Parallel()
	timeline := timelineOf(0, client.Created, 100, noTaskError())
	timeline.Poll(new(outcome(100*time.Second+time.Millisecond, client.Executing)))
	timeline.Poll(new(outcome(200*time.Second, serviceError(503, "", "busy"))))
	chart := timeline.gantt(&result.Report{Result: result.Timeout, Waited: 200 * time.Second})
	requireChart(t, chart)
	assert.Contains(t, chart, "  not found yet 1ms :done, 2000-01-01 00:01:40.000, 2000-01-01 00:01:41.000\n")
	assert.Contains(t, chart, "  no valid response 0s :crit, 2000-01-01 00:03:19.000, 2000-01-01 00:03:20.000\n",
		"also at the end, which no bar exceeds")
}

func TestChartOfADayOfChangesIsShort(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	timeline := &Timeline{}
	var response any
	for at := time.Duration(0); at < day; at += 20 * time.Second {
		if response == any(client.Executing) || at == 0 {
			response = serviceError(503, "", "")
		} else {
			response = client.Executing
		}
		timeline.Poll(new(outcome(at, response)))
	}
	chart := timeline.gantt(&result.Report{Result: result.Timeout, Waited: day})
	requireChart(t, chart)
	assert.Contains(t, chart, "  axisFormat day %-j %-Hh%Mm\n")
	assert.Contains(t, chart,
		"  many changes 23h53m40s :done, 2000-01-01 00:06:20.000, 2000-01-02 00:00:00.000\n",
		"what does not fit is one bar that says so")
	r := reportOf(new(documentedTask()), nil)
	r.Waited = day
	assert.Less(t, len(summary(&r, timeline)), 20_000)
}

// Not parallel, because the allocations of other tests would count.
func TestTimelineDoesNotGrowWithPolls(t *testing.T) {
	timeline := &Timeline{}
	responses := []any{client.Created, client.Executing, serviceError(503, "", "busy"), noTaskError()}
	n := 0
	pollOnce := func() {
		n++
		timeline.Poll(new(outcome(time.Duration(n)*time.Second, responses[n%len(responses)])))
	}
	for range 2 * maxSpans {
		pollOnce()
	}
	assert.Len(t, timeline.targets[0].spans, maxSpans)
	assert.Zero(t, testing.AllocsPerRun(10_000, pollOnce))
	assert.Len(t, timeline.targets[0].spans, maxSpans)
}
