package client

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"
)

// Response is what the head of an HTTP response says, whatever its body holds.
type Response struct {
	StatusCode int           // 0: there was no response
	RequestID  string        // identifies the request to the cloud's support
	ServerTime time.Time     // the server's clock, from Date; zero when the response had none
	ReceivedAt time.Time     // the local clock when the response came
	RetryAfter time.Duration // how long the server wants no further request; 0: it does not say
}

// Clock returns the server's time at the local time now. It is false when the response had none.
func (r *Response) Clock(now time.Time) (time.Time, bool) {
	return r.ServerTime.Add(now.Sub(r.ReceivedAt)), !r.ServerTime.IsZero()
}

func readHead(resp *http.Response, now time.Time) Response {
	head := Response{StatusCode: resp.StatusCode, ReceivedAt: now}
	for _, name := range []string{"X-Request-Id", "X-Iam-Trace-Id"} {
		if head.RequestID == "" {
			head.RequestID = resp.Header.Get(name)
		}
	}
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		head.ServerTime = date
	}
	head.RetryAfter = retryAfter(resp.Header.Get("Retry-After"), &head)
	return head
}

// retryAfter reads both forms of Retry-After (RFC 9110, section 10.2.3). A date counts by the server's clock,
// since the local one may be wrong.
func retryAfter(value string, head *Response) time.Duration {
	// Out of range, ParseUint returns the largest number there is, which is right here.
	if seconds, err := strconv.ParseUint(value, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(seconds, math.MaxInt64/uint64(time.Second))) * time.Second
	}
	date, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	now := head.ServerTime
	if now.IsZero() {
		now = head.ReceivedAt
	}
	return max(0, date.Sub(now))
}
