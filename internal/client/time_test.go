package client

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTimesAreReadInEveryFormThatDMSWrites(t *testing.T) {
	t.Parallel()
	at := time.Date(2020, 6, 23, 3, 0, 3, 471e6, time.UTC)
	for _, value := range []string{
		`"2020-06-23T03:00:03.471Z"`,
		`"2020-06-23T11:00:03.471+08:00"`,
		`"2020-06-23T11:00:03.471+0800"`,
		`"2020-06-22T21:30:03.471-0530"`,
		`"2020-06-23 03:00:03.471Z"`,
		`"2020-06-23 11:00:03.471+0800"`,
		`1592881203471`,
		`"1592881203471"`,
	} {
		got, ok := created(t, value)
		assert.True(t, ok, value)
		assert.Equal(t, at, got.UTC(), value)
	}
}

func TestTimesWithoutAFractionAreRead(t *testing.T) {
	t.Parallel()
	for _, value := range []string{`"2020-06-23T03:00:03Z"`, `"2020-06-23T11:00:03+0800"`, `1592881203000`} {
		got, ok := created(t, value)
		assert.True(t, ok, value)
		assert.Equal(t, time.Date(2020, 6, 23, 3, 0, 3, 0, time.UTC), got.UTC(), value)
	}
}

func TestATimeIsTheSameInEveryTimeZone(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{
		`"2200-01-01T07:59:59+08:00"`: true, `"2199-12-31T23:59:59Z"`: true, `"2000-01-01T00:00:00Z"`: true, `"1999-12-31T19:00:00-05:00"`: true,
		`"2000-01-01T07:59:59+08:00"`: false, `"1999-12-31T23:59:59Z"`: false, `"2199-12-31T19:00:00-05:00"`: false,
	} {
		_, ok := created(t, value)
		assert.Equal(t, want, ok, value)
	}
}

func TestATimeThatTellsNothingIsNoTime(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		`""`, `null`, `0`, `"0"`, `-1`, `1592881203`, `true`, `{}`, `"yesterday"`, `"2020-06-23"`, `"2020-13-23T03:00:03Z"`,
		`"2020-06-23T03:00:03.471Zjunk"`, `"0001-01-01T00:00:00Z"`, `"1970-01-01T00:00:00Z"`, `"9999-12-31T23:59:59Z"`,
		`9223372036854775807`, `-9223372036854775808`, `99999999999999999999999`,
	} {
		_, ok := created(t, value)
		assert.False(t, ok, value)
	}
}

// created reads a value of created_at, which never keeps the task itself from being read.
func created(t *testing.T, value string) (time.Time, bool) {
	t.Helper()
	tasks, err := decodeTasks(fmt.Appendf(nil, `{"tasks":[{"id":"t1","status":"SUCCESS","created_at":%s,"updated_at":%[1]s}]}`, value))
	require.NoError(t, err)
	require.Len(t, tasks, 1)
	assert.Equal(t, Success, tasks[0].Status)
	return tasks[0].Created()
}

func TestElapsed(t *testing.T) {
	t.Parallel()
	const (
		start = "2020-06-23T03:00:03.471Z"
		end   = "2020-06-23T03:00:08.130Z"
	)
	received := time.Date(2031, 1, 1, 12, 0, 0, 0, time.UTC) // the local clock is years ahead
	answer := Answer{ServerTime: time.Date(2020, 6, 23, 3, 1, 3, 0, time.UTC), ReceivedAt: received}
	silent := Answer{ReceivedAt: received}
	behind := Answer{ServerTime: time.Date(2020, 6, 23, 3, 0, 3, 0, time.UTC), ReceivedAt: received}
	for name, c := range map[string]struct {
		task Task
		now  time.Time
		want time.Duration
		ok   bool
	}{
		"ended: its own time":                       {Task{Status: Success, CreatedAt: start, UpdatedAt: end, Answer: answer}, received, 4659 * time.Millisecond, true},
		"failed: its own time":                      {Task{Status: Failed, CreatedAt: start, UpdatedAt: end}, received, 4659 * time.Millisecond, true},
		"ended at once":                             {Task{Status: Success, CreatedAt: start, UpdatedAt: start}, received, 0, true},
		"ended: both forms mixed":                   {Task{Status: Success, CreatedAt: "1592881203471", UpdatedAt: "2020-06-23T11:00:08.130+0800"}, received, 4659 * time.Millisecond, true},
		"ended before it began":                     {Task{Status: Success, CreatedAt: end, UpdatedAt: start, Answer: answer}, received, 0, false},
		"ended, no end told":                        {Task{Status: Success, CreatedAt: start, UpdatedAt: "soon", Answer: answer}, received, 0, false},
		"ended, no start told":                      {Task{Status: Success, UpdatedAt: end, Answer: answer}, received, 0, false},
		"running: by the server's clock":            {Task{Status: Executing, CreatedAt: start, UpdatedAt: end, Answer: answer}, received, 59529 * time.Millisecond, true},
		"running: the answer ages":                  {Task{Status: Created, CreatedAt: start, Answer: answer}, received.Add(10 * time.Second), 69529 * time.Millisecond, true},
		"an unknown status is running":              {Task{Status: "PAUSED", CreatedAt: start, Answer: answer}, received, 59529 * time.Millisecond, true},
		"running, the server told no time":          {Task{Status: Executing, CreatedAt: start, Answer: silent}, received, 0, false},
		"running, no start told":                    {Task{Status: Executing, CreatedAt: "soon", Answer: answer}, received, 0, false},
		"running, from within the server's seconds": {Task{Status: Executing, CreatedAt: start, Answer: behind}, received, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			elapsed, ok := c.task.Elapsed(c.now)
			assert.Equal(t, c.ok, ok)
			if ok {
				assert.Equal(t, c.want, elapsed)
			}
		})
	}
}

func TestElapsedOfAnyTwoTimesDoesNotOverflow(t *testing.T) {
	t.Parallel()
	task := Task{Status: Success, CreatedAt: "2000-01-01T00:00:00Z", UpdatedAt: "2199-12-31T23:59:59Z"}
	elapsed, ok := task.Elapsed(time.Time{})
	assert.True(t, ok)
	assert.Positive(t, elapsed)
	assert.Less(t, elapsed, time.Duration(math.MaxInt64))
}
