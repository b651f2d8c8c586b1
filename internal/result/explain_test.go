package result

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/poll"
	"github.com/dmswait/dmswait/internal/sanitize"
)

// listed returns a response to a search by name that found n other tasks, the newest created so long ago.
func listed(n int, age time.Duration) (*client.Error, *client.NoTaskError) {
	response := client.Response{StatusCode: 200, RequestID: "9f31", ServerTime: now, ReceivedAt: now}
	none := &client.NoTaskError{Name: "restart", Since: now.Add(-time.Hour)}
	for i := range n {
		created := now.Add(-age - time.Duration(i)*time.Minute)
		none.Listed = append(none.Listed, client.Task{
			ID: fmt.Sprintf("t%d", i), Name: fmt.Sprintf("task%d", i), Status: client.Success,
			CreatedAt: created.Format(time.RFC3339), Response: response,
		})
	}
	return &client.Error{Op: `find task "restart"`, Err: none, Response: response}, none
}

// notFound returns the end of a wait for a task that a search by name did not find.
func notFound(n int, age time.Duration) error {
	e, _ := listed(n, age)
	return ending(poll.ErrNotFound, e)
}

// text returns an explanation as the log shows it.
func text(lines []Line) string {
	var b strings.Builder
	for _, line := range lines {
		b.WriteString(map[LineKind]string{ErrorLine: "error: ", HintLine: "hint: "}[line.Kind] + line.Text + "\n")
	}
	return b.String()
}

func TestExplainSaysWhatIsBehindAResult(t *testing.T) {
	t.Parallel()
	byID := Request{
		Endpoint: "https://dms.cn-north-4.myhuaweicloud.com", Region: "cn-north-4",
		ProjectID: "p1", CredentialsHint: "check the credentials",
	}
	inActions := byID
	inActions.InActions = true
	accepted := byID
	accepted.SucceedOn = []string{"failure", "timeout"}
	noRegion := byID
	noRegion.Region, noRegion.Endpoint = "", "https://dms.example.com"
	byName := byID
	byName.Since = now.Add(-time.Hour)

	undated, none := listed(1, time.Minute)
	none.Listed[0].CreatedAt = "yesterday"
	long, none := listed(1, time.Minute)
	none.Listed[0].Name, none.Listed[0].Status = strings.Repeat("n", 100), client.Status(strings.Repeat("S", 100))

	dns := &net.DNSError{Err: "no such host", Name: "dms.cn-nrth-4.myhuaweicloud.com", IsNotFound: true}
	certificate := &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}
	refused := errors.New("dial tcp 10.0.0.1:443: connect: connection refused")
	unavailable := func(e error) error { return ending(poll.ErrUnavailable, e) }
	wrong := func(e error) error { return ending(poll.ErrMisconfigured, e) }
	wrongKeys := failed(401, "APIGW.0301", "Incorrect IAM authentication information")
	throttled := failed(429, "APIGW.0308", "policy user over ratelimit,limit:60,time:1 minute")
	bug := Panic{Value: "runtime error", Stack: "goroutine 1 [running]:\nmain.run()\n\trun.go:1\n"}
	noInstance := failed(404, "DMS.00404022", "This instance does not exist.")
	task := documented()
	failure, executing := task, running(time.Minute)
	failure.Status = client.Failed

	for name, test := range map[string]struct {
		task    client.Task
		err     error
		request Request
	}{
		"success":                    {task, nil, byID},
		"failure":                    {failure, nil, byID},
		"timeout":                    {executing, poll.ErrTimeout, byID},
		"timeout_accepted":           {executing, poll.ErrTimeout, accepted},
		"timeout_in_actions":         {executing, poll.ErrTimeout, inActions},
		"timeout_failing":            {executing, ending(poll.ErrTimeout, failed(503, "DMS.00500001", "busy")), byID},
		"timeout_failing_in_actions": {executing, ending(poll.ErrTimeout, failed(503, "DMS.00500001", "busy")), inActions},
		"running":                    {executing, poll.ErrRunning, byID},
		"denied_401":                 {client.Task{}, wrongKeys, byID},
		"denied_project_of_token":    {client.Task{}, failed(401, "DMS.10240104", "project and token do not match"), byID},
		"denied_403":                 {client.Task{}, failed(403, "DMS.00403002", "no permission"), byID},
		"not_found":                  {client.Task{}, ending(poll.ErrNotFound, noInstance), byID},
		"not_found_task":             {client.Task{}, ending(poll.ErrNotFound, missing()), byID},
		"not_found_without_region":   {client.Task{}, ending(poll.ErrNotFound, missing()), noRegion},
		"not_found_no_such_api":      {client.Task{}, failed(404, "APIGW.0101", "The API does not exist"), byID},
		"not_found_name":             {client.Task{}, notFound(3, 90*time.Minute), byName},
		"not_found_name_ten":         {client.Task{}, notFound(10, 90*time.Minute), byName},
		"not_found_name_many":        {client.Task{}, notFound(11, 90*time.Minute), byName},
		"not_found_name_full_page":   {client.Task{}, notFound(100, -80*time.Minute), byName},
		"not_found_name_page_enough": {client.Task{}, notFound(100, time.Minute), byName},
		"not_found_name_no_tasks":    {client.Task{}, notFound(0, 0), byName},
		"not_found_name_undated":     {client.Task{}, ending(poll.ErrNotFound, undated), byName},
		"not_found_name_early":       {client.Task{}, notFound(1, -2*time.Second), byName}, // Date has whole seconds only
		"not_found_name_long":        {client.Task{}, ending(poll.ErrNotFound, long), byName},
		"not_found_name_no_instance": {client.Task{}, ending(poll.ErrNotFound, noInstance), byName},
		"not_found_after_all":        {executing, ending(poll.ErrNotFound, missing()), byName},
		"usage_dns":                  {client.Task{}, wrong(unreachable(dns)), byID},
		"usage_certificate":          {client.Task{}, wrong(unreachable(certificate)), byID},
		"usage_proxy_login":          {client.Task{}, wrong(atProxy("http", client.ProxyError{StatusCode: 407})), byID},
		"usage_proxy":                {client.Task{}, wrong(atProxy("http", client.ProxyError{StatusCode: 502})), byID},
		"unavailable_throttled":      {executing, unavailable(throttled), byID},
		"unavailable_throttled_404":  {executing, unavailable(failed(404, "DMS.10240407", "flow control")), byID},
		"unavailable_network":        {executing, unavailable(unreachable(refused)), byID},
		"unavailable_5xx":            {executing, unavailable(failed(503, "DMS.00500001", "busy")), byID},
		"unavailable_401":            {executing, unavailable(failed(401, "APIGW.0301", "odd")), byID},
		"usage_in_between":           {client.Task{}, wrong(foreign(404)), byID},
		"usage_400":                  {client.Task{}, failed(400, "DMS.00400070", "The task ID is invalid."), byID},
		"input_errors": {client.Task{}, config.Faults{
			{Input: "task_id", Text: "task_id is required"}, {Input: "timeout", Text: `timeout "x" is not a duration`},
		}, byID},
		"panic": {executing, bug, byID},
	} {
		r := reportOf(&test.task, test.err)
		r.Target.InstanceID = "i1"
		if !test.request.Since.IsZero() {
			r.Target.TaskName = "restart"
		}
		golden(t, "explain/"+name, text(Explain(&r, &test.request)))
	}
}

func TestErrorLineSaysWhatWasRequestedAndTheResponse(t *testing.T) {
	t.Parallel()
	for _, e := range []*client.Error{
		failed(401, "APIGW.0301", "wrong"), failed(400, "DMS.00400070", "bad"), failed(403, "APIGW.0302", "no"),
	} {
		line := Explain(new(reportOf(&client.Task{}, e)), &Request{})[0]
		assert.Equal(t, ErrorLine, line.Kind)
		for _, part := range []string{e.Op, fmt.Sprint(e.Response.StatusCode), e.Code, e.Message, e.Response.RequestID} {
			assert.Contains(t, line.Text, part)
		}
	}
}

func TestExplanationContainsNoSecret(t *testing.T) {
	t.Parallel()
	token := strings.Repeat("MIIt0ken", 500) // truncated, its beginning would be left
	search, none := listed(1, time.Minute)
	none.Listed[0].Name, none.Listed[0].Status = token, client.Status(token)
	for _, err := range []error{
		failed(401, "APIGW.0301", token), failed(400, token, token),
		ending(poll.ErrUnavailable, unreachable(errors.New(token))), ending(poll.ErrNotFound, search),
	} {
		r := reportOf(&client.Task{}, err)
		r.Secrets = sanitize.NewSecrets(token)
		r.Target.TaskName = "restart"
		lines := Explain(&r, &Request{})
		require.NotEmpty(t, lines)
		assert.Contains(t, text(lines), sanitize.Redacted)
		assert.NotContains(t, text(lines), "MIIt0ken")
	}
}

func TestServicesWordsAreInFullWithDebug(t *testing.T) {
	t.Parallel()
	words := strings.Repeat("w", 300)
	r := reportOf(&client.Task{}, failed(401, "APIGW.0301", words))
	assert.Equal(t, `get task "t1": 401 APIGW.0301: `+words[:200]+"… (request 9f31)", Explain(&r, &Request{})[0].Text)
	assert.Equal(t, `get task "t1": 401 APIGW.0301: `+words+" (request 9f31)", Explain(&r, &Request{Debug: true})[0].Text)
}
