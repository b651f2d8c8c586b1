package result

import (
	"slices"
)

// severity is the order in which results decide a run of several targets, the worst first. Results that exit 0 because
// of succeed_on come after all others but Success.
var severity = []string{
	Internal.Name, interrupted, Usage.Name, Denied.Name, Failure.Name, Cancelled.Name, NotFound.Name, Unavailable.Name,
	Timeout.Name, Running.Name,
}

// Decide returns the report of a run: that of the first target with the worst result, with the reports of all, of which
// there must be one.
func Decide(all []Report, succeedOn []string) *Report {
	rank := func(r *Report) int {
		switch at := slices.Index(severity, r.Result.Name); {
		case r.Result == Success:
			return len(severity) + 1
		case slices.Contains(succeedOn, r.Result.Name):
			return len(severity)
		default:
			return at
		}
	}
	worst := &all[0]
	for i := range all {
		if each := &all[i]; rank(each) < rank(worst) {
			worst = each
		}
	}
	decides := *worst
	decides.All = all
	return &decides
}
