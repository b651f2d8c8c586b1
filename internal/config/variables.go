package config

import "strings"

// unknown is a variable with the prefix of inputs that names none.
type unknown struct {
	name    string
	meant   string // the input that it was probably meant for; empty: not known
	settled bool   // named already, or by the runner
}

// findUnknown notes the variables that look like inputs and are none: mostly typing errors. It looks at names only.
func (p *parser) findUnknown(names []string) {
	prefixes := []string{"DMSWAIT_"}
	if p.inPlugin() {
		prefixes = append(prefixes, "PLUGIN_")
	}
	if p.config.Actions.On { // where the runner warns about them
		prefixes = append(prefixes, "INPUT_")
	}
	for _, name := range names {
		for _, prefix := range prefixes {
			rest, ok := strings.CutPrefix(strings.ToUpper(name), prefix)
			if !ok || rest == "" || prefix == "DMSWAIT_" && isForeign(rest) {
				continue
			}
			if meant, exact := p.nearest(rest, prefix == "DMSWAIT_"); !exact {
				p.unknown = append(p.unknown, unknown{name, meant, prefix == "INPUT_"})
			}
		}
	}
}

// isForeign reports whether a variable is one that Kubernetes sets for a service named dmswait, or dmswait-something,
// or one of the action that installs dmswait.
func isForeign(rest string) bool {
	return strings.HasPrefix(rest, "PORT") || strings.HasPrefix(rest, "SERVICE_") || strings.HasPrefix(rest, "SETUP_") ||
		strings.Contains(rest, "_SERVICE_") || strings.Contains(rest, "_PORT_") || strings.HasSuffix(rest, "_PORT")
}

// nearest returns the input whose variable is most like a name without its prefix, or "" where none is like it. It
// reports whether the name is exactly that of an input. With files, that of a secret's file counts.
func (p *parser) nearest(name string, files bool) (input string, exact bool) {
	const maxDistance = 2
	best := maxDistance + 1
	for i := range p.inputs {
		in := &p.inputs[i]
		known := in.upper()
		if files && in.Secret && strings.HasSuffix(name, "_FILE") {
			known += "_FILE"
		}
		d := distance(name, known)
		if d == 0 {
			return in.Name, true
		}
		if len(name) > maxDistance && strings.HasPrefix(known, name) { // TASK, INSTANCE
			d = min(d, maxDistance)
		}
		if d < best {
			input, best = in.Name, d
		}
	}
	return input, false
}

// distance returns how many characters have to be inserted, removed or replaced to make b of a.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			d := diagonal
			if a[i] != b[j] {
				d = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], d
		}
	}
	return row[len(b)]
}

// nearMiss names the variables that were probably meant for an input that is required: ", not DMSWAIT_TASKID".
func (p *parser) nearMiss(input string) string {
	text := ""
	for i, u := range p.unknown {
		if u.meant == input {
			p.unknown[i].settled = true
			text += ", not " + u.name
		}
	}
	return text
}

// warnUnknown warns about the variables that no fault names.
func (p *parser) warnUnknown() {
	for _, u := range p.unknown {
		text := u.name + " is not an input: see dmswait --help"
		if u.meant != "" {
			text = u.name + " is not an input: did you mean " + p.input(u.meant).Env() + "?"
		}
		if !u.settled {
			p.config.Warnings = append(p.config.Warnings, text)
		}
	}
}
