package client

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestProgressIsAWholePercentage(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]int{
		`{"progress_percentage":0}`:      0,
		`{"progress_percentage":42}`:     42,
		`{"progress_percentage":"42"}`:   42,
		`{"progress_percentage":42.9}`:   42,
		`{"progress_percentage":"99.9"}`: 99,
		`{"progress_percentage":1e2}`:    100,
		`{"progress_percentage":100,"remain_time":0,"step_list":[{"name":"pre_check","statue":"COMPLETED","start_time":1763350067752,"end_time":"1763350111208"}]}`: 100,
	} {
		progress, err := respondWith(200, nil, strings.NewReader(body)).Progress(t.Context(), "i1", "t1")
		require.NoError(t, err, body)
		assert.Equal(t, want, progress.Percent, body)
	}
}

func TestProgressStepsAreReadWhereListed(t *testing.T) {
	t.Parallel()
	get := func(list string) (Progress, error) {
		body := strings.NewReader(`{"progress_percentage":42,"step_list":` + list + `}`)
		return respondWith(200, nil, body).Progress(t.Context(), "i1", "t1")
	}
	many := strings.Repeat(`{"name":"n","statue":"WAITING"},`, 100)
	for list, want := range map[string][]Step{
		`[{"name":"pre_check","statue":"COMPLETED","start_time":1763350067752},{"name":"expand","statue":"IN_PROGRESS","end_time":""}]`: {{"pre_check", "COMPLETED"}, {"expand", "IN_PROGRESS"}},
		`[{"name":1,"statue":null},{}]`: {{"1", ""}, {"", ""}},
		`[]`:                            nil,
		`null`:                          nil,
		`"none"`:                        nil,
		`[1]`:                           nil,
	} {
		progress, err := get(list)
		require.NoError(t, err, list)
		assert.Equal(t, Progress{Percent: 42, Steps: want}, progress, list)
	}
	progress, err := get("[" + strings.TrimSuffix(many, ",") + "]")
	require.NoError(t, err)
	assert.Len(t, progress.Steps, 50, "no more are kept")
}

func TestInvalidProgressIsAnError(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"progress_percentage":100.1}`, `{"progress_percentage":101}`, `{"progress_percentage":-1}`, `{"progress_percentage":"NaN"}`,
		`{"progress_percentage":"+Inf"}`, `{"progress_percentage":1e999}`, `{"progress_percentage":"half"}`, `{"progress_percentage":"42%"}`,
		`{"progress_percentage":""}`, `{"progress_percentage":null}`, `{"progress_percentage":true}`, `{"progress_percentage":[42]}`,
		`{"progress_percentage":{"value":42}}`, `{}`, `null`, `[]`, `42`, ``, `<html>`,
	} {
		_, err := respondWith(200, nil, strings.NewReader(body)).Progress(t.Context(), "i1", "t1")
		assert.EqualError(t, err, `get progress of task "t1": 200: the response is not the API's JSON`, body)
		assert.True(t, clientError(t, err).Failing(), body)
	}
}

func TestProgressErrorsAreClassifiedLikeTaskErrors(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]string{
		400: "rejected", 403: "denied", 404: "missing", 429: "failing, throttled", 500: "failing",
	} {
		body := strings.NewReader(`{"error_code":"DMS.00000000"}`)
		_, err := respondWith(status, http.Header{}, body).Progress(t.Context(), "i1", "t1")
		assert.Equal(t, want, classOf(clientError(t, err)))
		assert.Equal(t, status, clientError(t, err).Response.StatusCode)
	}
}
