package report

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/poll"
)

func TestConcludeTellsTheResult(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status client.Status
		err    error
		want   Result
	}{
		"SUCCESS":                     {client.Success, nil, Result{"success", 0}},
		"FAILED":                      {client.Failed, nil, Result{"failure", 1}},
		"CANCELLED":                   {client.Cancelled, nil, Result{"cancelled", 3}},
		"DELETED":                     {client.Deleted, nil, Result{"cancelled", 3}},
		"ended, but has not":          {client.Executing, nil, Result{"internal", 70}},
		"ended, but was never seen":   {"", nil, Result{"internal", 70}},
		"timeout":                     {client.Executing, poll.ErrTimeout, Result{"timeout", 124}},
		"timeout, last answer bad":    {client.Executing, ending(poll.ErrTimeout, answered(503, "", "")), Result{"timeout", 124}},
		"timeout, last answer absent": {client.Executing, ending(poll.ErrTimeout, absent()), Result{"timeout", 124}},
		"running":                     {client.Created, poll.ErrRunning, Result{"running", 124}},
		"not found":                   {"", ending(poll.ErrNotFound, absent()), Result{"not_found", 4}},
		"not found after all":         {client.Executing, ending(poll.ErrNotFound, answered(404, "DMS.00404022", "")), Result{"not_found", 4}},
		"no such API":                 {"", answered(404, "APIGW.0101", ""), Result{"not_found", 4}},
		"no such API, APIG":           {"", answered(404, "APIG.0101", ""), Result{"not_found", 4}},
		"unavailable":                 {"", ending(poll.ErrUnavailable, answered(503, "", "")), Result{"unavailable", 75}},
		"unavailable by network":      {"", ending(poll.ErrUnavailable, unanswered(errors.New("refused"))), Result{"unavailable", 75}},
		"unavailable by 400s":         {client.Executing, ending(poll.ErrUnavailable, answered(400, "DMS.00400070", "")), Result{"unavailable", 75}},
		"unavailable by 401s":         {client.Executing, ending(poll.ErrUnavailable, answered(401, "APIGW.0301", "")), Result{"unavailable", 75}},
		"unavailable by no such API":  {client.Executing, ending(poll.ErrUnavailable, answered(404, "APIGW.0101", "")), Result{"unavailable", 75}},
		"unavailable, no answer yet":  {"", poll.ErrUnavailable, Result{"unavailable", 75}},
		"401":                         {"", answered(401, "APIGW.0301", ""), Result{"denied", 77}},
		"403":                         {client.Executing, answered(403, "APIGW.0302", ""), Result{"denied", 77}},
		"401, wrapped":                {"", fmt.Errorf("log in: %w", answered(401, "", "")), Result{"denied", 77}},
		"400":                         {"", answered(400, "DMS.00400070", ""), Result{"usage", 2}},
		"405":                         {"", answered(405, "", ""), Result{"usage", 2}},
		"418":                         {"", answered(418, "", ""), Result{"usage", 2}},
		"faults":                      {"", Faults{"task_id: is missing"}, Result{"usage", 2}},
		"faults, wrapped":             {"", fmt.Errorf("inputs: %w", Faults{"task_id: is missing"}), Result{"usage", 2}},
		"SIGHUP":                      {client.Executing, Interrupt{syscall.SIGHUP}, Result{"interrupted", 129}},
		"SIGINT":                      {client.Executing, Interrupt{syscall.SIGINT}, Result{"interrupted", 130}},
		"SIGQUIT":                     {client.Executing, Interrupt{syscall.SIGQUIT}, Result{"interrupted", 131}},
		"SIGTERM":                     {"", Interrupt{syscall.SIGTERM}, Result{"interrupted", 143}},
		"SIGINT, in a request":        {client.Executing, unanswered(Interrupt{syscall.SIGINT}), Result{"interrupted", 130}},
		"a panic":                     {client.Executing, Panic{Value: "nil map"}, Result{"internal", 70}},
		"an error nobody expects":     {client.Success, context.Canceled, Result{"internal", 70}},
		"an answer nobody ends with":  {"", answered(503, "", ""), Result{"internal", 70}},
	} {
		assert.Equal(t, test.want, Conclude(client.Task{Status: test.status}, test.err), name)
	}
}

func TestTheExitCodesAreTheContracts(t *testing.T) {
	t.Parallel()
	codes := map[string]string{
		"success": "0", "failure": "1", "usage": "2", "cancelled": "3", "not_found": "4", "internal": "70", "unavailable": "75",
		"denied": "77", "timeout": "124", "running": "124", "interrupted": "129, 130, 131, 143",
	}
	again := map[string]string{
		"success": "", "failure": "no", "usage": "no", "cancelled": "no", "not_found": "no", "internal": "no", "unavailable": "yes",
		"denied": "no", "timeout": "as you like", "running": "later", "interrupted": "yes",
	}
	for _, m := range Meanings() {
		assert.Equal(t, codes[m.Result], m.Code, m.Result)
		assert.Equal(t, again[m.Result], m.Again, m.Result)
		assert.NotEmpty(t, m.When, m.Result)
		delete(codes, m.Result)
	}
	assert.Empty(t, codes, "every result is in the table people are shown, once")
	assert.Equal(t, 74, NotWritten)
}

func TestTheProcessExitsWithTheResultsCode(t *testing.T) {
	t.Parallel()
	tolerable := []string{"failure", "cancelled", "not_found", "timeout", "running", "unavailable"}
	for _, test := range []struct {
		result    Result
		succeedOn []string
		written   bool
		want      int
	}{
		{Success, nil, true, 0},
		{Success, nil, false, 74},
		{Failure, nil, true, 1},
		{Failure, nil, false, 1}, // 74 instead of 0 alone
		{Timeout, nil, false, 124},
		{Failure, tolerable, true, 0},
		{Failure, tolerable, false, 74},
		{Cancelled, tolerable, true, 0},
		{NotFound, tolerable, true, 0},
		{Unavailable, tolerable, true, 0},
		{Timeout, []string{"running"}, true, 124}, // not by the code they share
		{Running, []string{"timeout"}, true, 124},
		{Timeout, []string{"timeout"}, true, 0},
		{Running, []string{"running"}, true, 0},
		{Usage, tolerable, true, 2},
		{Denied, tolerable, true, 77},
		{Internal, tolerable, false, 70},
		{Result{"interrupted", 130}, tolerable, true, 130},
	} {
		assert.Equal(t, test.want, ExitCode(test.result, test.succeedOn, test.written), "%v %v %v", test.result, test.succeedOn, test.written)
	}
}

func TestHelpShowsTheExitCodes(t *testing.T) {
	t.Parallel()
	golden(t, "help", Help())
	for line := range strings.SplitSeq(Help(), "\n") {
		assert.LessOrEqual(t, utf8.RuneCountInString(line), 100, line)
	}
	assert.LessOrEqual(t, strings.Count(Help(), "\n"), 15, "the inputs stand before")
}
