package client

import (
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRetryAfterIsSecondsOrADateByTheServersClock(t *testing.T) {
	t.Parallel()
	local := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	const (
		server  = "Thu, 01 Jan 2026 20:00:00 GMT" // hours behind
		longest = time.Duration(math.MaxInt64/int64(time.Second)) * time.Second
	)
	for name, c := range map[string]struct {
		date, value string
		want        time.Duration
	}{
		"none":                              {server, "", 0},
		"seconds":                           {server, "7", 7 * time.Second},
		"seconds, no date":                  {"", "120", 2 * time.Minute},
		"zero":                              {server, "0", 0},
		"negative":                          {server, "-7", 0},
		"a sign":                            {server, "+7", 0},
		"a fraction":                        {server, "1.5", 0},
		"a unit":                            {server, "7s", 0},
		"garbage":                           {server, "soon", 0},
		"the maximum":                       {server, "9223372036", longest},
		"too long for a duration":           {server, "9223372037", longest},
		"too long for 63 bits":              {server, "9223372036854775808", longest},
		"too long for 64 bits":              {server, "99999999999999999999999", longest},
		"date":                              {server, "Thu, 01 Jan 2026 20:01:30 GMT", 90 * time.Second},
		"date in RFC 850's form":            {server, "Thursday, 01-Jan-26 20:01:30 GMT", 90 * time.Second},
		"date in asctime's form":            {server, "Thu Jan  1 20:01:30 2026", 90 * time.Second},
		"date, no server time":              {"", "Fri, 02 Jan 2026 03:04:35 GMT", 30 * time.Second},
		"date, invalid server time":         {"now", "Fri, 02 Jan 2026 03:04:35 GMT", 30 * time.Second},
		"date that is now":                  {server, server, 0},
		"date in the server's past":         {server, "Thu, 01 Jan 2026 19:59:59 GMT", 0},
		"date after every duration":         {server, "Fri, 31 Dec 9999 23:59:59 GMT", math.MaxInt64},
		"date before every duration":        {server, "Mon, 01 Jan 0001 00:00:00 GMT", 0},
		"date in another time zone":         {server, "Thu, 01 Jan 2026 20:01:30 CET", 0},
		"date ahead of the local time, too": {server, "Fri, 02 Jan 2026 03:05:05 GMT", 7*time.Hour + 5*time.Minute + 5*time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header := http.Header{"Retry-After": {c.value}, "Date": {c.date}}
			head := readHead(&http.Response{StatusCode: 503, Header: header}, local)
			assert.Equal(t, c.want, head.RetryAfter)
		})
	}
}

func TestRetryAfterIsPartOfErrorsAndTasks(t *testing.T) {
	t.Parallel()
	headers := map[string]string{"Retry-After": "Thu, 01 Jan 2026 20:01:30 GMT", "Date": "Thu, 01 Jan 2026 20:00:00 GMT"}
	_, err := serve(t, reply{Status: 429, Headers: headers}.handle).Task(t.Context(), "i1", "t1")
	assert.Equal(t, 90*time.Second, clientError(t, err).Response.RetryAfter)

	s := serve(t, reply{Status: 200, Headers: headers, Body: `{"tasks":[{"id":"t1"}]}`}.handle)
	task, err := s.Task(t.Context(), "i1", "t1")
	require.NoError(t, err)
	assert.Equal(t, 90*time.Second, task.Response.RetryAfter)
}

func TestErrorContainsTheResponseHead(t *testing.T) {
	t.Parallel()
	before := time.Now()
	header := http.Header{"Date": {"Thu, 01 Jan 2026 20:00:00 GMT"}, "X-Request-Id": {"9f1c"}}
	_, err := respondWith(404, header, strings.NewReader("")).Task(t.Context(), "i1", "t1")
	head := clientError(t, err).Response
	assert.Equal(t, 404, head.StatusCode)
	assert.Equal(t, "9f1c", head.RequestID)
	assert.Equal(t, time.Date(2026, 1, 1, 20, 0, 0, 0, time.UTC), head.ServerTime.UTC())
	assert.False(t, head.ReceivedAt.Before(before))
	assert.False(t, head.ReceivedAt.After(time.Now()))
}

func TestClockContinuesFromTheServersTime(t *testing.T) {
	t.Parallel()
	server := time.Date(2026, 1, 1, 20, 0, 0, 0, time.UTC)
	local := time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)
	head := Response{ServerTime: server, ReceivedAt: local}

	got, ok := head.Clock(local.Add(90 * time.Second))
	assert.True(t, ok)
	assert.Equal(t, server.Add(90*time.Second), got)

	for _, date := range []string{"", "now", "2026-01-01T20:00:00Z"} {
		_, ok = new(readHead(&http.Response{Header: http.Header{"Date": {date}}}, local)).Clock(local)
		assert.False(t, ok, date)
	}
}
