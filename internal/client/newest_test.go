package client

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestNewestTaskIsFoundByExactNameAndTime(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 1, 2, 3, 4, 5, 500e6, time.UTC)
	bind := func(id, createdAt string) Task { return Task{ID: id, Name: "bind", CreatedAt: createdAt} }
	for name, c := range map[string]struct {
		tasks []Task
		want  string
		found int
	}{
		"none":                          {nil, "", 0},
		"created at that time":          {[]Task{bind("t1", "2026-01-02T03:04:05.500Z")}, "t1", 1},
		"created a millisecond before":  {[]Task{bind("t1", "2026-01-02T03:04:05.499Z")}, "", 0},
		"the same time with an offset":  {[]Task{bind("t1", "2026-01-02T11:04:05.500+0800")}, "t1", 1},
		"the newest, first in the list": {[]Task{bind("t1", "2026-01-02T04:00:00Z"), bind("t2", "2026-01-02T03:30:00Z")}, "t1", 2},
		"the newest, last in the list": {[]Task{
			bind("t1", "2026-01-02T03:30:00Z"), bind("t2", "2026-01-02T03:45:00Z"), bind("t3", "1767326400000"),
		}, "t3", 3},
		"the first in the list of those created at once": {[]Task{
			bind("t1", "2026-01-02T03:30:00Z"), bind("t2", "2026-01-02T04:00:00Z"), bind("t3", "2026-01-02T04:00:00Z"),
		}, "t2", 3},
		"older tasks do not count":   {[]Task{bind("t1", "2026-01-02T04:00:00Z"), bind("t2", "2025-01-02T04:00:00Z")}, "t1", 1},
		"other names":                {[]Task{{ID: "t1", Name: "unbind", CreatedAt: "2026-01-02T04:00:00Z"}}, "", 0},
		"a name in another case":     {[]Task{{ID: "t1", Name: "Bind", CreatedAt: "2026-01-02T04:00:00Z"}}, "", 0},
		"a name with a space":        {[]Task{{ID: "t1", Name: "bind ", CreatedAt: "2026-01-02T04:00:00Z"}}, "", 0},
		"a time that cannot be read": {[]Task{bind("t1", "soon"), bind("t2", ""), bind("t3", "2026-01-02T04:00:00Z")}, "t3", 1},
		"ids that are not valid in a path": {[]Task{
			bind("../t1", "2026-01-02T05:00:00Z"), bind("", "2026-01-02T05:00:00Z"),
			bind("t2", "2026-01-02T04:00:00Z"), bind("t%2f3", "2026-01-02T05:00:00Z"),
		}, "t2", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newest, found := (&List{Tasks: c.tasks}).Newest("bind", since)
			assert.Equal(t, c.found, found)
			assert.Equal(t, c.want, newest.ID)
		})
	}
}
