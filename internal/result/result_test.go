package result

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/poll"
	"github.com/dmswait/dmswait/internal/target"
)

func TestConcludeReturnsTheResult(t *testing.T) {
	t.Parallel()
	required := config.Faults{{Input: "task_id", Text: "task_id is required"}}
	timeout := func(e error) error { return ending(poll.ErrTimeout, e) }
	notFound := func(e error) error { return ending(poll.ErrNotFound, e) }
	unavailable := func(e error) error { return ending(poll.ErrUnavailable, e) }
	for name, test := range map[string]struct {
		status client.Status
		err    error
		want   Result
	}{
		"SUCCESS":                     {client.Success, nil, Result{"success", 0}},
		"FAILED":                      {client.Failed, nil, Result{"failure", 1}},
		"CANCELLED":                   {client.Cancelled, nil, Result{"cancelled", 3}},
		"DELETED":                     {client.Deleted, nil, Result{"cancelled", 3}},
		"no error, but still running": {client.Executing, nil, Result{"internal", 70}},
		"no error, but never seen":    {"", nil, Result{"internal", 70}},
		"timeout":                     {client.Executing, poll.ErrTimeout, Result{"timeout", 124}},
		"timeout while failing":       {client.Executing, timeout(failed(503, "", "")), Result{"timeout", 124}},
		"timeout while missing":       {client.Executing, timeout(missing()), Result{"timeout", 124}},
		"running":                     {client.Created, poll.ErrRunning, Result{"running", 124}},
		"not found":                   {"", notFound(missing()), Result{"not_found", 4}},
		"not found after running":     {client.Executing, notFound(failed(404, "", "")), Result{"not_found", 4}},
		"no such API":                 {"", failed(404, "APIGW.0101", ""), Result{"not_found", 4}},
		"no such API, APIG":           {"", failed(404, "APIG.0101", ""), Result{"not_found", 4}},
		"unavailable":                 {"", unavailable(failed(503, "", "")), Result{"unavailable", 75}},
		"unavailable network":         {"", unavailable(unreachable(errors.New("refused"))), Result{"unavailable", 75}},
		"unavailable because of 400s": {"", unavailable(failed(400, "DMS.00400070", "")), Result{"unavailable", 75}},
		"unavailable because of 401s": {"", unavailable(failed(401, "APIGW.0301", "")), Result{"unavailable", 75}},
		"unavailable, no such API":    {"", unavailable(failed(404, "APIGW.0101", "")), Result{"unavailable", 75}},
		"unavailable, no response":    {"", poll.ErrUnavailable, Result{"unavailable", 75}},
		"unavailable login":           {"", unavailable(login(503, "IAM")), Result{"unavailable", 75}},
		"401":                         {"", failed(401, "APIGW.0301", ""), Result{"denied", 77}},
		"403":                         {client.Executing, failed(403, "APIGW.0302", ""), Result{"denied", 77}},
		"401, wrapped":                {"", fmt.Errorf("log in: %w", failed(401, "", "")), Result{"denied", 77}},
		"401 of a login":              {"", login(401, "IAM"), Result{"denied", 77}},
		"404 of a login":              {"", login(404, "IAM"), Result{"usage", 2}},
		"400":                         {"", failed(400, "DMS.00400070", ""), Result{"usage", 2}},
		"405":                         {"", failed(405, "", ""), Result{"usage", 2}},
		"misconfigured":               {"", ending(poll.ErrMisconfigured, unreachable(nil)), Result{"usage", 2}},
		"a proxy refused the login": {
			client.Executing, atProxy("http", client.ProxyError{StatusCode: 407, LoginSent: true}), Result{"usage", 2}},
		"418":                          {"", failed(418, "", ""), Result{"usage", 2}},
		"input errors":                 {"", required, Result{"usage", 2}},
		"input errors, wrapped":        {"", fmt.Errorf("inputs: %w", required), Result{"usage", 2}},
		"SIGHUP":                       {client.Executing, Interrupt{syscall.SIGHUP}, Result{"interrupted", 129}},
		"SIGINT":                       {client.Executing, Interrupt{syscall.SIGINT}, Result{"interrupted", 130}},
		"SIGQUIT":                      {client.Executing, Interrupt{syscall.SIGQUIT}, Result{"interrupted", 131}},
		"SIGTERM":                      {"", Interrupt{syscall.SIGTERM}, Result{"interrupted", 143}},
		"SIGINT during a request":      {"", unreachable(Interrupt{syscall.SIGINT}), Result{"interrupted", 130}},
		"a panic":                      {client.Executing, Panic{Value: "nil map"}, Result{"internal", 70}},
		"an unexpected error":          {client.Success, context.Canceled, Result{"internal", 70}},
		"a response that ends no wait": {"", failed(503, "", ""), Result{"internal", 70}},
	} {
		assert.Equal(t, test.want, Conclude(new(target.OfTask(&client.Task{Status: test.status})), test.err), name)
	}
}

func TestExitCodesAreTheContracts(t *testing.T) {
	t.Parallel()
	codes := map[string]string{
		"success": "0", "failure": "1", "usage": "2", "cancelled": "3", "not_found": "4", "internal": "70",
		"unavailable": "75", "denied": "77", "timeout": "124", "running": "124", "interrupted": "129, 130, 131, 143",
	}
	again := map[string]string{
		"success": "", "failure": "no", "usage": "no", "cancelled": "no", "not_found": "no", "internal": "no",
		"unavailable": "yes", "denied": "no", "timeout": "as you like", "running": "later", "interrupted": "yes",
	}
	for _, m := range Meanings() {
		assert.Equal(t, codes[m.Result], m.Code, m.Result)
		assert.Equal(t, again[m.Result], m.Again, m.Result)
		assert.NotEmpty(t, m.When, m.Result)
		delete(codes, m.Result)
	}
	assert.Empty(t, codes, "the table has every result once")
	assert.Equal(t, 74, NotWritten)
}

func TestExitCodeIsTheResultsUnlessSucceedOnNamesIt(t *testing.T) {
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
		{Failure, nil, false, 1}, // 74 replaces 0 only
		{Timeout, nil, false, 124},
		{Failure, tolerable, true, 0},
		{Failure, tolerable, false, 74},
		{Cancelled, tolerable, true, 0},
		{NotFound, tolerable, true, 0},
		{Unavailable, tolerable, true, 0},
		{Timeout, []string{"running"}, true, 124}, // by name, not by the code that both have
		{Running, []string{"timeout"}, true, 124},
		{Timeout, []string{"timeout"}, true, 0},
		{Running, []string{"running"}, true, 0},
		{Usage, tolerable, true, 2},
		{Denied, tolerable, true, 77},
		{Internal, tolerable, false, 70},
		{Result{"interrupted", 130}, tolerable, true, 130},
	} {
		assert.Equal(t, test.want, ExitCode(test.result, test.succeedOn, test.written),
			"%v, succeed_on %v, written %v", test.result, test.succeedOn, test.written)
	}
}

// TestSucceedOnNamesResults compares the list in config, which cannot import this package, with the results.
func TestSucceedOnNamesResults(t *testing.T) {
	t.Parallel()
	var all []string
	for _, m := range Meanings() {
		all = append(all, m.Result)
	}
	tolerable := tolerableResults(t)
	assert.Subset(t, all, tolerable)
	for _, never := range []string{"success", "usage", "internal", "denied", "interrupted"} {
		assert.Contains(t, all, never)
		assert.NotContains(t, tolerable, never)
	}
}

// tolerableResults returns the results that succeed_on may name, from its meaning.
func tolerableResults(t *testing.T) []string {
	t.Helper()
	for _, in := range config.Inputs() {
		if in.Name == "succeed_on" {
			_, list, found := strings.Cut(in.Meaning, ": ")
			require.True(t, found, in.Meaning)
			return strings.Split(list, ", ")
		}
	}
	require.Fail(t, "no input succeed_on")
	return nil
}

func TestHelpShowsTheExitCodes(t *testing.T) {
	t.Parallel()
	golden(t, "help", Help())
	for line := range strings.SplitSeq(Help(), "\n") {
		assert.LessOrEqual(t, utf8.RuneCountInString(line), 100, line)
	}
	assert.LessOrEqual(t, strings.Count(Help(), "\n"), 15, "the inputs come before, and both should fit a screen")
}
