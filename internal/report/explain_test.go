package report

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

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/poll"
)

// listed is an answer to a search by name that found none, but n other tasks, the newest this old.
func listed(n int, age time.Duration) *client.Error {
	answer := client.Answer{StatusCode: 200, RequestID: "9f31", ServerTime: now, ReceivedAt: time.Now()}
	e := &client.Error{Op: `find task "restart"`, Err: client.ErrNoTask, Answer: answer}
	for i := range n {
		created := now.Add(-age - time.Duration(i)*time.Minute)
		e.Seen = append(e.Seen, client.Task{
			ID: fmt.Sprintf("t%d", i), Name: fmt.Sprintf("task%d", i), Status: client.Success, CreatedAt: created.Format(time.RFC3339), Answer: answer,
		})
	}
	return e
}

func TestExplainTellsWhatIsBehindAResult(t *testing.T) {
	t.Parallel()
	byID := Asked{Endpoint: "https://dms.cn-north-4.myhuaweicloud.com", Region: "cn-north-4", ProjectID: "p1", InstanceID: "i1"}
	byToken := byID
	byToken.As = AsToken
	elsewhere := byID
	elsewhere.Region, elsewhere.Endpoint = "", "https://dms.example.com"
	byName := byID
	byName.TaskName, byName.Since = "restart", now.Add(-time.Hour)

	undated := listed(1, time.Minute)
	undated.Seen[0].CreatedAt = "yesterday"
	early := listed(1, -2*time.Second) // the Date header knows whole seconds only
	odd := listed(1, time.Minute)
	odd.Seen[0].Name, odd.Seen[0].Status = strings.Repeat("n", 100), client.Status(strings.Repeat("S", 100))

	dns := &net.DNSError{Err: "no such host", Name: "dms.cn-nrth-4.myhuaweicloud.com", IsNotFound: true}
	certificate := &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}
	unavailable := func(e *client.Error) error { return ending(poll.ErrUnavailable, e) }
	task := documented()
	failed, going := task, running(time.Minute)
	failed.Status = client.Failed

	for name, test := range map[string]struct {
		task  client.Task
		err   error
		asked Asked
	}{
		"success":                    {task, nil, byID},
		"failure":                    {failed, nil, byID},
		"timeout":                    {going, poll.ErrTimeout, byID},
		"timeout_failing":            {going, ending(poll.ErrTimeout, answered(503, "DMS.00500001", "busy")), byID},
		"running":                    {going, poll.ErrRunning, byID},
		"denied_keys":                {client.Task{}, answered(401, "APIGW.0301", "Incorrect IAM authentication information"), byID},
		"denied_token":               {client.Task{}, answered(401, "APIGW.0307", "The token must be updated"), byToken},
		"denied_project_of_token":    {client.Task{}, answered(401, "DMS.10240104", "project and token do not match"), byToken},
		"denied_403":                 {client.Task{}, answered(403, "DMS.00403002", "no permission"), byID},
		"not_found":                  {client.Task{}, ending(poll.ErrNotFound, answered(404, "DMS.00404022", "This instance does not exist.")), byID},
		"not_found_task":             {client.Task{}, ending(poll.ErrNotFound, absent()), byID},
		"not_found_without_region":   {client.Task{}, ending(poll.ErrNotFound, absent()), elsewhere},
		"not_found_no_such_api":      {client.Task{}, answered(404, "APIGW.0101", "The API does not exist"), byID},
		"not_found_name":             {client.Task{}, ending(poll.ErrNotFound, listed(3, 90*time.Minute)), byName},
		"not_found_name_many":        {client.Task{}, ending(poll.ErrNotFound, listed(12, 90*time.Minute)), byName},
		"not_found_name_full_page":   {client.Task{}, ending(poll.ErrNotFound, listed(100, -80*time.Minute)), byName},
		"not_found_name_page_enough": {client.Task{}, ending(poll.ErrNotFound, listed(100, time.Minute)), byName},
		"not_found_name_no_tasks":    {client.Task{}, ending(poll.ErrNotFound, listed(0, 0)), byName},
		"not_found_name_undated":     {client.Task{}, ending(poll.ErrNotFound, undated), byName},
		"not_found_name_early":       {client.Task{}, ending(poll.ErrNotFound, early), byName},
		"not_found_name_odd":         {client.Task{}, ending(poll.ErrNotFound, odd), byName},
		"not_found_name_no_instance": {client.Task{}, ending(poll.ErrNotFound, answered(404, "DMS.00404022", "This instance does not exist.")), byName},
		"not_found_after_all":        {going, ending(poll.ErrNotFound, absent()), byName},
		"unavailable_dns":            {client.Task{}, unavailable(unanswered(dns)), byID},
		"unavailable_certificate":    {client.Task{}, unavailable(unanswered(certificate)), byID},
		"unavailable_proxy_login":    {client.Task{}, unavailable(unanswered(&client.ProxyError{StatusCode: 407})), byID},
		"unavailable_proxy":          {client.Task{}, unavailable(unanswered(&client.ProxyError{StatusCode: 502})), byID},
		"unavailable_throttled":      {going, unavailable(answered(429, "APIGW.0308", "policy user over ratelimit,limit:60,time:1 minute")), byID},
		"unavailable_throttled_404":  {going, unavailable(answered(404, "DMS.10240407", "flow control")), byID},
		"unavailable_network":        {going, unavailable(unanswered(errors.New("dial tcp 10.0.0.1:443: connect: connection refused"))), byID},
		"unavailable_5xx":            {going, unavailable(answered(503, "DMS.00500001", "busy")), byID},
		"unavailable_401":            {going, unavailable(answered(401, "APIGW.0301", "odd")), byID},
		"usage_400":                  {client.Task{}, answered(400, "DMS.00400070", "The task ID is invalid."), byID},
		"faults":                     {client.Task{}, Faults{"task_id: is missing", "timeout: \"x\" is not a duration"}, byID},
		"panic":                      {going, Panic{Value: "runtime error", Stack: "goroutine 1 [running]:\nmain.run()\n\trun.go:1\n"}, byID},
	} {
		golden(t, "explain/"+name, strings.Join(append(Explain(ofTask(test.task, test.err), test.asked), ""), "\n"))
	}
}

func TestAnErrorForPeopleSaysWhatWasAskedAndAnswered(t *testing.T) {
	t.Parallel()
	for _, e := range []*client.Error{answered(401, "APIGW.0301", "wrong"), answered(400, "DMS.00400070", "bad"), answered(403, "APIGW.0302", "no")} {
		line := Explain(ofTask(client.Task{}, e), Asked{})[0]
		for _, part := range []string{e.Op, fmt.Sprint(e.Answer.StatusCode), e.Code, e.Message, e.Answer.RequestID} {
			assert.Contains(t, line, part)
		}
	}
}

func TestAnExplanationHoldsNoSecretOfOurs(t *testing.T) {
	t.Parallel()
	token := strings.Repeat("MIIt0ken", 500)
	seen := listed(1, time.Minute)
	seen.Seen[0].Name, seen.Seen[0].Status = token, client.Status(token)
	asked := Asked{TaskName: "restart"}
	for _, err := range []error{
		answered(401, "APIGW.0301", token), answered(400, token, token), ending(poll.ErrUnavailable, unanswered(errors.New(token))), ending(poll.ErrNotFound, seen),
	} {
		r := ofTask(client.Task{}, err)
		r.Hider = NewHider([]string{token})
		assert.NotContains(t, strings.Join(Explain(r, asked), "\n"), "MIIt0ken")
	}
}
