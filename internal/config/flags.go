package config

import (
	"fmt"
	"strings"
)

// parseFlags returns the values given by flags, by the inputs' names. It reads flag by flag, so that a fault does
// not hide what follows it, such as --help.
func (p *parser) parseFlags(args []string) map[string]string {
	values := map[string]string{}
	// The words after an unknown flag were meant as its value. They are not shown, because they may be a
	// secret.
	skip := 0
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		name, value, hasValue := strings.Cut(arg, "=")
		in, isInput := p.flag(name)
		switch {
		case name == "--help" || name == "-h" || name == "--version":
			skip = 0
			if hasValue {
				p.argumentFault(name + " takes no value")
				continue
			}
			p.config.Help = p.config.Help || name != "--version"
			p.config.Version = p.config.Version || name == "--version"
		case isInput:
			skip = 0
			switch {
			case hasValue:
			case in.Switch:
				value = "true"
			case len(args) == 0 || p.isFlag(args[0]): // an empty variable, unquoted, leaves a flag without its value
				p.flagFault(in, "--"+in.Flag()+" requires a value")
				continue
			default:
				value, args = args[0], args[1:]
			}
			switch before, isRepeated := values[in.Name]; {
			case isRepeated && in.List:
				value = before + "," + value
			case isRepeated:
				p.flagFault(in, "--"+in.Flag()+" is given twice: give it once")
			}
			values[in.Name] = value
		case arg == "--":
			if len(args) > 0 {
				p.argumentFault("-- is not supported: every input is a flag, see dmswait --help")
			}
			args = nil
		case strings.HasPrefix(arg, "-") && arg != "-":
			skip = 1
			if hasValue {
				skip = 0
			}
			if isSecret := p.unknownFlag(name); isSecret {
				skip = len(args) // it may contain blanks, and not be quoted
			}
		case skip > 0:
			skip--
		default:
			p.argumentFault("unexpected argument " + quote(arg) + ": every input is a flag, see dmswait --help")
		}
	}
	return values
}

// flag returns the input of a flag such as --task-id.
func (p *parser) flag(name string) (*Input, bool) {
	for i := range p.inputs {
		if in := &p.inputs[i]; !in.Secret && name == "--"+in.Flag() {
			return in, true
		}
	}
	return nil, false
}

func (p *parser) isFlag(arg string) bool {
	name, _, _ := strings.Cut(arg, "=")
	_, isInput := p.flag(name)
	return isInput || name == "--help" || name == "--version"
}

// argumentFault notes a fault that concerns no input.
func (p *parser) argumentFault(text string) {
	p.faults = append(p.faults, Fault{"arguments", text, brief(text)})
}

// flagFault notes a fault of a flag. Its input counts as given, so that it is not reported as required as well.
func (p *parser) flagFault(in *Input, text string) {
	p.faults = append(p.faults, Fault{in.Name, text, brief(text)})
	p.config.given[in.Name] = "the command line"
}

// unknownFlag notes a flag that does not exist, and reports whether it was meant to set a secret. The flag is
// shown only where it cannot contain a value.
func (p *parser) unknownFlag(flag string) (isSecret bool) {
	name := strings.TrimLeft(flag, "-")
	for i := range p.inputs {
		in := &p.inputs[i]
		switch {
		case in.Name != strings.ToLower(strings.ReplaceAll(name, "-", "_")):
		case in.Secret:
			p.flagFault(in, fmt.Sprintf("%s has no flag, because command lines are public: set %s or %s_FILE",
				in.Name, in.Env(), in.Env()))
			return true
		default:
			p.flagFault(in, "unknown flag "+flag+": did you mean --"+in.Flag()+"?")
			return false
		}
	}
	switch {
	case name == "" || len(flag) > 40 || strings.Trim(name, "-"+lowercase+"_") != "":
		p.argumentFault("unknown flag (not shown, it may contain a value); see dmswait --help")
	case len(name) > 1 && !strings.HasPrefix(flag, "--"): // -pPASSWORD, as some programs accept it
		p.argumentFault("unknown flag with a single dash; see dmswait --help")
	default:
		p.faults = append(p.faults, Fault{"arguments", "unknown flag " + flag + "; see dmswait --help", "unknown flag"})
	}
	return false
}
