package client

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"
)

// Answer is what the head of an HTTP answer tells, whatever its body says.
type Answer struct {
	StatusCode int           // 0: there was no answer
	RequestID  string        // the cloud's name for the request, for its support
	ServerTime time.Time     // the server's clock, from Date; zero when it told none
	ReceivedAt time.Time     // the local clock when the answer came
	RetryAfter time.Duration // how long the server asks to be left alone; 0 when it does not ask
}

// Clock tells the server's time at the local time now; false when the server told none.
func (a Answer) Clock(now time.Time) (time.Time, bool) {
	return a.ServerTime.Add(now.Sub(a.ReceivedAt)), !a.ServerTime.IsZero()
}

func readAnswer(resp *http.Response, now time.Time) Answer {
	answer := Answer{StatusCode: resp.StatusCode, ReceivedAt: now}
	for _, name := range []string{"X-Request-Id", "X-Iam-Trace-Id"} {
		if answer.RequestID == "" {
			answer.RequestID = resp.Header.Get(name)
		}
	}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		answer.ServerTime = date
	}
	answer.RetryAfter = retryAfter(resp.Header.Get("Retry-After"), answer)
	return answer
}

// retryAfter reads both forms of Retry-After (RFC 9110, 10.2.3). A date counts by the server's clock, since ours may be wrong.
func retryAfter(value string, answer Answer) time.Duration {
	// Out of range, ParseUint answers the greatest number there is: that is how far off the server's wish is.
	if seconds, err := strconv.ParseUint(value, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(seconds, math.MaxInt64/uint64(time.Second))) * time.Second
	}
	date, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	now := answer.ServerTime
	if now.IsZero() {
		now = answer.ReceivedAt
	}
	return max(0, date.Sub(now))
}
