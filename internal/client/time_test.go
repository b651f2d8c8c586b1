package client

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEveryKnownTimeFormatIsRead(t *testing.T) {
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

func TestPlausibleTimesDoNotDependOnTheTimeZone(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{
		`"2200-01-01T07:59:59+08:00"`: true, `"2199-12-31T23:59:59Z"`: true, `"2000-01-01T00:00:00Z"`: true, `"1999-12-31T19:00:00-05:00"`: true,
		`"2000-01-01T07:59:59+08:00"`: false, `"1999-12-31T23:59:59Z"`: false, `"2199-12-31T19:00:00-05:00"`: false,
	} {
		_, ok := created(t, value)
		assert.Equal(t, want, ok, value)
	}
}

func TestInvalidTimesAreUnknown(t *testing.T) {
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

// created reads a value of created_at. Whatever it is, the task itself can be read.
func created(t *testing.T, value string) (time.Time, bool) {
	t.Helper()
	const format = `{"tasks":[{"id":"t1","status":"SUCCESS","created_at":%s,"updated_at":%[1]s}]}`
	tasks, err := decodeTasks(fmt.Appendf(nil, format, value))
	require.NoError(t, err)
	require.Len(t, tasks, 1)
	assert.Equal(t, Success, tasks[0].Status)
	return tasks[0].Created()
}

func TestElapsedIsTheTasksOwnTimeOrItsAge(t *testing.T) {
	t.Parallel()
	const (
		start = "2020-06-23T03:00:03.471Z"
		end   = "2020-06-23T03:00:08.130Z"
	)
	received := time.Date(2031, 1, 1, 12, 0, 0, 0, time.UTC) // the local clock is years ahead
	response := Response{ServerTime: time.Date(2020, 6, 23, 3, 1, 3, 0, time.UTC), ReceivedAt: received}
	behind := Response{ServerTime: time.Date(2020, 6, 23, 3, 0, 3, 0, time.UTC), ReceivedAt: received}
	for name, c := range map[string]struct {
		status           Status
		created, updated string
		response         Response
		after            time.Duration // from the response until now
		want             time.Duration // negative: unknown
	}{
		"ended: its own time":       {Success, start, end, response, 0, 4659 * time.Millisecond},
		"failed: its own time":      {Failed, start, end, Response{}, 0, 4659 * time.Millisecond},
		"ended at once":             {Success, start, start, Response{}, 0, 0},
		"ended, formats mixed":      {Success, "1592881203471", "2020-06-23T11:00:08.130+0800", Response{}, 0, 4659 * time.Millisecond},
		"ended before its creation": {Success, end, start, response, 0, -1},
		"ended, end unknown":        {Success, start, "soon", response, 0, -1},
		"ended, creation unknown":   {Success, "", end, response, 0, -1},

		"running: its age by the server's clock": {Executing, start, end, response, 0, 59529 * time.Millisecond},
		"running, the response is 10 s old":      {Created, start, "", response, 10 * time.Second, 69529 * time.Millisecond},
		"unknown status: running":                {"PAUSED", start, "", response, 0, 59529 * time.Millisecond},
		"running, server time unknown":           {Executing, start, "", Response{ReceivedAt: received}, 0, -1},
		"running, creation unknown":              {Executing, "soon", "", response, 0, -1},
		"running, created in the second of Date": {Executing, start, "", behind, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			task := Task{Status: c.status, CreatedAt: c.created, UpdatedAt: c.updated, Response: c.response}
			elapsed, ok := task.Elapsed(received.Add(c.after))
			assert.Equal(t, c.want >= 0, ok)
			if ok {
				assert.Equal(t, c.want, elapsed)
			}
		})
	}
}

func TestAgeOfAnEndedTaskIsByTheServersClock(t *testing.T) {
	t.Parallel()
	received := time.Date(2031, 1, 1, 12, 0, 0, 0, time.UTC) // the local clock is years ahead
	task := Task{
		Status:    Success,
		CreatedAt: "2020-06-23T03:00:03Z",
		UpdatedAt: "2020-06-23T03:00:08Z",
		Response:  Response{ServerTime: time.Date(2020, 6, 23, 3, 1, 3, 0, time.UTC), ReceivedAt: received},
	}
	age, ok := task.Age(received.Add(time.Second))
	assert.True(t, ok)
	assert.Equal(t, 61*time.Second, age)
}

func TestElapsedDoesNotOverflow(t *testing.T) {
	t.Parallel()
	task := Task{Status: Success, CreatedAt: "2000-01-01T00:00:00Z", UpdatedAt: "2199-12-31T23:59:59Z"}
	elapsed, ok := task.Elapsed(time.Time{})
	assert.True(t, ok)
	assert.Positive(t, elapsed)
	assert.Less(t, elapsed, time.Duration(math.MaxInt64))
}
