package config

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

const wrong = time.Duration(-1)

func TestDurationIsAGoDurationOrWholeSeconds(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]time.Duration{
		"90": 90 * time.Second, "90s": 90 * time.Second, "1h30m": 90 * time.Minute, "1.5h": 90 * time.Minute,
		"250ms": 250 * time.Millisecond,
		"0":     0, "0s": 0, "007": 7 * time.Second, "+5": 5 * time.Second, "+5s": 5 * time.Second,
		"9223372036": 9223372036 * time.Second, "2562047h": 2562047 * time.Hour,

		"-1": wrong, "-0": wrong, "-1s": wrong, "-0s": wrong, "-99999999999999999999": wrong,
		"9223372037": wrong, "99999999999999999999": wrong, "2562048h": wrong,
		"1e9": wrong, "1.5": wrong, "5 minutes": wrong, "5 m": wrong, "1d": wrong, "s": wrong, "1h30": wrong,
		"0x10": wrong, "1_000": wrong,
		"９０": wrong, "٣s": wrong, "forever": wrong, "inf": wrong, "5m\x00": wrong, "-": wrong, "+": wrong,
	} {
		c, faults := parse(complete().with(vars{"DMSWAIT_TIMEOUT": value}))
		if want == wrong {
			assert.Len(t, faultsOf(faults, "timeout"), 1, "%q", value)
			assert.Equal(t, time.Hour, c.Timeout, "%q", value)
			continue
		}
		assert.Empty(t, faults, "%q", value)
		assert.Equal(t, want, c.Timeout, "%q", value)
	}
}

func TestOnlyTimeoutAndBudgetsMayBeZero(t *testing.T) {
	t.Parallel()
	for input, mayBe := range map[string]bool{
		"timeout": true, "not_found_grace": true, "max_outage": true,
		"interval": false, "max_interval": false, "request_timeout": false,
	} {
		for _, zero := range []string{"0", "0s"} {
			c, faults := parse(complete().with(vars{"DMSWAIT_" + strings.ToUpper(input): zero}))
			if mayBe {
				assert.Empty(t, faults, input)
				assert.Zero(t, examples[input].field(c), input)
			} else {
				assert.Len(t, faultsOf(faults, input), 1, input)
				assert.NotZero(t, examples[input].field(c), input)
			}
		}
	}
}

func TestPauseIsAtLeastAMillisecond(t *testing.T) {
	t.Parallel()
	for _, input := range []string{"interval", "max_interval", "request_timeout"} {
		for value, valid := range map[string]bool{"1ms": true, "999999ns": false} {
			variables := vars{"DMSWAIT_INTERVAL": "1ms", "DMSWAIT_" + strings.ToUpper(input): value}
			c, faults := parse(complete().with(variables))
			assert.Equal(t, valid, len(faultsOf(faults, input)) == 0, "%s %s", input, value)
			assert.Equal(t, valid, examples[input].field(c) == time.Millisecond, "%s %s", input, value)
		}
	}
}

func TestIDConsistsOfLettersDigitsHyphensAndUnderscores(t *testing.T) {
	t.Parallel()
	for _, input := range []string{"instance_id", "task_id", "project_id"} {
		variable := "DMSWAIT_" + strings.ToUpper(input)
		for _, id := range []string{"a", "_", "-", "ff80808272dcc90f0172df1e490f41b0",
			"06a13350-4305-4338-9f0e-6b322bb1413d", strings.Repeat("Z9_-", 16)} {
			_, faults := parse(complete().with(vars{variable: id}))
			assert.Empty(t, faults, "%s %q", input, id)
		}
		for _, id := range []string{".", "..", "a/b/c", "a%2f", "é", "a?", "${{ x }}",
			strings.Repeat("a", 65)} {
			_, faults := parse(complete().with(vars{variable: id}))
			assert.Len(t, faults, 1, "%s %q", input, id)
			assert.Len(t, faultsOf(faults, input), 1, "%s %q", input, id)
		}
	}
}

func TestSinceIsATimeOrADurationBack(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for value, want := range map[string]Since{
		"2026-01-02T03:04:05Z":      {At: at},
		"2026-01-02t03:04:05z":      {At: at},
		"2026-01-02T04:04:05+01:00": {At: at},
		"2026-01-02T03:04:05.25Z":   {At: at.Add(250 * time.Millisecond)},
		"5m":                        {Ago: 5 * time.Minute},
		"300":                       {Ago: 5 * time.Minute},
		"0":                         {},
		"87600h":                    {Ago: 10 * 365 * 24 * time.Hour},
	} {
		c, faults := parse(complete().with(vars{"DMSWAIT_SINCE": value, "DMSWAIT_TASK_NAME": "restart", "DMSWAIT_TASK_ID": ""}))
		assert.Empty(t, faults, value)
		assert.True(t, want.At.Equal(c.Since.At), value)
		assert.Equal(t, want.Ago, c.Since.Ago, value)
	}
	for _, value := range []string{
		"1795472938", "87600h1s", "-5m", "yesterday", "2026-01-02", "2026-01-02 03:04:05", "2026-01-02T03:04:05",
		"2026-13-02T03:04:05Z", "03:04", "1767323045000000000000",
		"0001-01-01T00:00:00Z",
	} {
		c, faults := parse(complete().with(vars{"DMSWAIT_SINCE": value, "DMSWAIT_TASK_NAME": "restart", "DMSWAIT_TASK_ID": ""}))
		assert.Len(t, faultsOf(faults, "since"), 1, value)
		assert.Zero(t, c.Since, value)
	}
	_, faults := parse(complete().with(vars{
		"DMSWAIT_SINCE": "1795472938", "DMSWAIT_TASK_NAME": "restart", "DMSWAIT_TASK_ID": "",
	})) // seconds since 1970
	assert.Equal(t, []string{`since "1795472938" is more than ten years back: write a time as ` +
		`2026-01-02T03:04:05Z (from DMSWAIT_SINCE)`}, faults)
}

func TestSwitchIsABooleanAsInYAML(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{
		"true": true, "True": true, "TRUE": true, "yes": true, "Yes": true, "on": true, "ON": true,
		"false": false, "False": false, "FALSE": false, "no": false, "No": false, "off": false, "OFF": false,
		"": false,
	} {
		c, _ := parse(withoutCredentials().with(vars{"DMSWAIT_ECS_METADATA": value}))
		assert.Equal(t, want, methodOf(c) == byECS, "%q", value)
	}
	for _, value := range []string{"1", "0", "t", "f", "wahr", "truee", "~", "null"} {
		c, faults := parse(complete().with(vars{"DMSWAIT_ECS_METADATA": value}))
		assert.Len(t, faultsOf(faults, "ecs_metadata"), 1, "%q", value)
		assert.Equal(t, byKeys, methodOf(c))
	}
	c, faults := parse(withoutCredentials(), "--ecs-metadata")
	assert.Empty(t, faults, "its flag needs no value")
	assert.Equal(t, byECS, methodOf(c))
	assert.Equal(t, "--ecs-metadata", c.Login.From)
	c, faults = parse(complete(), "--ecs-metadata=no")
	assert.Empty(t, faults, "a switch that is off is no second login method")
	assert.Equal(t, byKeys, methodOf(c))
}

func TestSucceedOnIsAList(t *testing.T) {
	t.Parallel()
	all := []string{"failure", "cancelled", "not_found", "timeout", "running", "unavailable"}
	for value, want := range map[string][]string{
		"timeout":                all[3:4],
		"timeout,running":        all[3:5],
		"timeout, running":       all[3:5],
		" timeout running ,":     all[3:5],
		"timeout\nrunning\n":     all[3:5],
		strings.Join(all, ","):   all,
		strings.Join(all, "\n,"): all,
	} {
		c, faults := parse(complete().with(vars{"DMSWAIT_SUCCEED_ON": value}))
		assert.Empty(t, faults, "%q", value)
		assert.Equal(t, want, c.SucceedOn, "%q", value)
	}
	for _, value := range []string{"success", "denied", "usage", "internal", "interrupted", "Timeout",
		"timeout;running", "timeout,bogus", "124", "*"} {
		c, faults := parse(complete().with(vars{"DMSWAIT_SUCCEED_ON": value}))
		assert.Len(t, faultsOf(faults, "succeed_on"), 1, "%q", value)
		assert.Empty(t, c.SucceedOn, "%q", value)
	}
}

func TestFormatIsTextJSONOrNone(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"text", "json", "none"} {
		c, faults := parse(complete(), "--format", value)
		assert.Empty(t, faults)
		assert.Equal(t, value, c.Format)
	}
	for _, value := range []string{"yaml", "JSON", "text,json"} {
		_, faults := parse(complete(), "--format", value)
		assert.Len(t, faultsOf(faults, "format"), 1, value)
	}
}
