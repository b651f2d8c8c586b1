package poll

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/target"
)

// polled returns in how many polls a target was.
func (f *fleet) polled(index string) (n int) {
	for _, poll := range f.polls {
		if strings.HasSuffix(poll, ":"+index) {
			n++
		}
	}
	return n
}

func TestThrottledSourceIsContinuedWithTheTargetThatWasRefused(t *testing.T) {
	t.Parallel()
	f := newFleet(script(executing), script(executing), script(throttled.times(2), succeeded), script(succeeded))
	f.perSource, f.Timeout = 4, 9*time.Second
	f.run(t)
	f.ends(t, ErrTimeout, ErrTimeout, nil, nil)
	assert.Equal(t, []string{
		"0s:0", "0s:1", "0s:2", "2.5s:2", "8.75s:2", "8.75s:3", "8.75s:0", "8.75s:1", "9s:0", "9s:1",
	}, f.polls)
}

func TestNoTargetOfASourceStarvesBehindOneThatGetsNoResponse(t *testing.T) {
	t.Parallel()
	f := newFleet(script(executing), script(unanswered), script(executing, succeeded), script(executing, succeeded))
	f.perSource, f.Timeout = 3, 20*time.Second
	f.run(t)
	f.ends(t, ErrTimeout, ErrUnavailable, nil, nil)
	assert.Equal(t, []string{"0s:0", "0s:1", "1s:2", "1s:3", "1s:0", "1s:1", "2.1s:2", "2.1s:3"}, f.polls[:8])
	assert.Greater(t, f.polled("0"), 5)
}

func TestGraceRunsForATargetThatIsPolledWhileOthersGetNoResponse(t *testing.T) {
	t.Parallel()
	f := newFleet(script(gone), script(unanswered)).run(t)
	f.ends(t, ErrNotFound, ErrUnavailable)
	assert.Equal(t, 30*time.Second, f.endOf(0))
	assert.Equal(t, 15*time.Minute, f.ended)
}

func TestLastMomentOfAGraceIsNotPolledAgainAndAgain(t *testing.T) {
	t.Parallel()
	f := newFleet(script(executing.times(12), unanswered), script(gone), script(executing))
	f.NotFoundGrace, f.MaxOutage, f.Timeout = 22*time.Second, 5*time.Minute, 6*time.Minute
	f.run(t)
	f.ends(t, ErrUnavailable, ErrNotFound, ErrTimeout)
	assert.Less(t, f.outcomes[len(f.outcomes)-1].Round, 60)
}

func TestTimeInWhichATargetIsNotReachedIsNotItsGrace(t *testing.T) {
	t.Parallel()
	// Target 1 is missing at 0s. The rounds from 1s to 22.25s do not reach it: of its grace, 1s was spent.
	f := newFleet(script(executing, throttled.times(3), executing), script(gone))
	f.NotFoundGrace = 1500 * time.Millisecond
	f.run(t)
	f.ends(t, ErrTimeout, ErrNotFound)
	assert.Equal(t, []string{
		"0s:0", "0s:1", "1s:0", "3.5s:0", "9.75s:0", "25.375s:0", "25.375s:1", "25.875s:0", "25.875s:1",
	}, f.polls[:9])
	assert.Equal(t, 25875*time.Millisecond, f.endOf(1))
}

func TestGraceIsThatAtTheDeadlineWhereTheLastRoundStops(t *testing.T) {
	t.Parallel()
	// Target 1 has been missing for 4s at the deadline. The last round does not reach it, and stops 8s later.
	f := newFleet(script(executing.times(5), unanswered.taking(8*time.Second)), script(executing, gone))
	f.NotFoundGrace, f.Timeout = 5*time.Second, 5*time.Second
	f.run(t)
	assert.Equal(t, 13*time.Second, f.ended)
	f.ends(t, ErrTimeout, ErrTimeout)
}

func TestHostThatWasReachedIsNoTypingError(t *testing.T) {
	t.Parallel()
	f := newFleet(script(noSuchHost.times(30), succeeded), script(noSuchHost.times(2), executing.times(60), succeeded)).run(t)
	f.ends(t, nil, nil)
	f = newFleet(script(executing), script(noSuchHost)).run(t)
	f.ends(t, ErrTimeout, ErrUnavailable)
	assert.Equal(t, 15*time.Minute, f.endOf(1))
	f = newFleet(script(noSuchHost), script(noSuchHost)).run(t)
	f.ends(t, ErrMisconfigured, ErrMisconfigured)
	assert.Equal(t, 30*time.Second, f.ended)
	somethingElse := failure(404, "").ofSomethingElse() // says nothing about the other paths of the host
	f = newFleet(script(executing), script(somethingElse)).run(t)
	f.ends(t, ErrTimeout, ErrMisconfigured)
	assert.Equal(t, 30*time.Second, f.endOf(1))
}

func TestRunningTargetAtTimeoutZeroDoesNotHideTheFailureOfAnother(t *testing.T) {
	t.Parallel()
	f := newFleet(script(executing), script(status(client.Failed)), script(executing))
	f.Timeout = 0
	f.FailFast = func(_ int, end *Ending) bool { return end.Err != nil || end.State.Standing != target.Succeeded }
	f.run(t)
	f.ends(t, ErrRunning, nil, ErrStopped)
	assert.Equal(t, []string{"0s:0", "0s:1"}, f.polls)
}

func TestOutageOfOneTargetAloneEndsInItsName(t *testing.T) {
	t.Parallel()
	f := newFleet(script(executing), script(unanswered)).run(t)
	f.ends(t, ErrTimeout, ErrUnavailable)
	for _, o := range f.outcomes {
		assert.Equal(t, o.Target == 1 && !o.Over, o.ForAll, "at %v", o.At)
	}
	f = newFleet(script(unanswered), script(unanswered)).run(t)
	f.ends(t, ErrUnavailable, ErrUnavailable)
	for _, o := range f.outcomes {
		assert.True(t, o.ForAll, "at %v", o.At)
	}
}

func TestRefusedTargetDoesNotReturnAThrottledScheduleToItsPauses(t *testing.T) {
	t.Parallel()
	f := newFleet(script(throttled, forbidden), script(broken.times(2), succeeded))
	f.run(t)
	f.ends(t, forbidden.err, nil)
	assert.Equal(t, []string{"0s:0", "2.5s:0", "2.5s:1", "5s:1", "7.5s:1"}, f.polls)
}

func TestOtherSourcesHaveTheirTurnBeforeAThrottledOneBeginsAgain(t *testing.T) {
	t.Parallel()
	f := newFleet(
		script(executing, throttled.times(9)), script(throttled, executing), script(executing), script(succeeded),
	)
	f.perSource, f.Timeout = 3, 20*time.Second
	f.run(t)
	f.ends(t, ErrTimeout, ErrTimeout, ErrTimeout, nil)
	assert.Equal(t, []string{"0s:0", "0s:1", "2.5s:1", "2.5s:2", "2.5s:3", "2.5s:0"}, f.polls[:6])
}

func TestNoneOfAHerdStarvesAtAGatewayOfSixtyRequestsAMinute(t *testing.T) {
	t.Parallel()
	// 150 tasks of one instance that are requested by their ids, and 20 of another.
	var scripts [][]response
	for range 170 {
		scripts = append(scripts, script(executing))
	}
	f := newFleet(scripts...)
	f.perSource = 150
	var minute, requests int
	f.gateway = func(at time.Duration) bool {
		if int(at/time.Minute) > minute {
			minute, requests = int(at/time.Minute), 0
		}
		requests++
		return requests <= 60
	}
	f.Timeout = 30 * time.Minute
	f.run(t)
	lastPoll := make([]time.Duration, len(scripts))
	for _, o := range f.outcomes {
		if o.Kind == Running {
			assert.LessOrEqual(t, o.At-lastPoll[o.Target], 7*time.Minute, "target %d", o.Target)
			lastPoll[o.Target] = o.At
		}
	}
	for i, at := range lastPoll {
		assert.Greater(t, at, 23*time.Minute, "target %d", i)
	}
}
