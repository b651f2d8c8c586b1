package config

import (
	"errors"
	"strings"

	"github.com/spf13/pflag"
)

// parseFlags reads args flag by flag, so that no fault hides what follows it, --help least of all.
func (p *parser) parseFlags(args []string) *pflag.FlagSet {
	flags := p.declareFlags()
	// Words after an unknown flag were meant as its value. They are not shown: they may be a secret.
	skip := 0
	for len(args) > 0 {
		arg, own := args[0], width(flags, args)
		switch {
		case own > 0:
			if err := flags.Parse(args[:own]); err != nil {
				p.flagFault(err)
			}
			skip = 0
		case arg == "--":
			if len(args) > 1 {
				p.argumentFault("-- is not supported: every input is a flag, see dmswait --help")
			}
			own = len(args)
		case strings.HasPrefix(arg, "-") && arg != "-":
			name, _, hasValue := strings.Cut(arg, "=")
			isSecret := p.unknownFlag(name)
			switch {
			case isSecret: // it may contain blanks, and not be quoted
				skip = len(args)
			case hasValue:
				skip = 0
			default:
				skip = 1
			}
		case skip > 0:
			skip--
		default:
			p.argumentFault("unexpected argument " + quote(arg) + ": every input is a flag, see dmswait --help")
		}
		args = args[max(own, 1):]
	}
	for _, fault := range p.faults {
		p.config.given[fault.Input] = "the command line"
	}
	return flags
}

func (p *parser) declareFlags() *pflag.FlagSet {
	flags := pflag.NewFlagSet("dmswait", pflag.ContinueOnError)
	flags.BoolVarP(&p.config.Help, "help", "h", false, "")
	flags.BoolVar(&p.config.Version, "version", false, "")
	for _, in := range p.inputs {
		if in.Secret {
			continue
		}
		flags.String(in.Flag(), "", "")
		if in.Switch {
			flags.Lookup(in.Flag()).NoOptDefVal = "true"
		}
	}
	return flags
}

// width returns how many of args the flag at their beginning takes up: 1, 2 with a separate value, or 0 when there is
// no such flag.
func width(flags *pflag.FlagSet, args []string) int {
	name, _, hasValue := strings.Cut(args[0], "=")
	if name == "-h" {
		return 1
	}
	flag := flags.Lookup(strings.TrimPrefix(name, "--"))
	switch {
	case flag == nil || !strings.HasPrefix(name, "--"):
		return 0
	case hasValue || flag.NoOptDefVal != "" || len(args) == 1:
		return 1
	case isFlag(flags, args[1]): // an empty variable, unquoted, leaves a flag without its value
		return 1
	}
	return 2
}

func isFlag(flags *pflag.FlagSet, arg string) bool {
	name, _, _ := strings.Cut(arg, "=")
	return strings.HasPrefix(name, "--") && flags.Lookup(strings.TrimPrefix(name, "--")) != nil
}

// argumentFault notes a fault that is about no input.
func (p *parser) argumentFault(text string) {
	p.faults = append(p.faults, Fault{"arguments", text})
}

func (p *parser) flagFault(err error) {
	var noValue *pflag.ValueRequiredError
	if errors.As(err, &noValue) {
		flag := noValue.GetSpecifiedName()
		p.faults = append(p.faults, Fault{strings.ReplaceAll(flag, "-", "_"), "--" + flag + " requires a value"})
		return
	}
	p.argumentFault("--help and --version take no value")
}

// unknownFlag notes a flag that does not exist, as far as it may be shown, and reports whether a secret was meant.
func (p *parser) unknownFlag(flag string) (isSecret bool) {
	name := strings.TrimLeft(flag, "-")
	for _, in := range p.inputs {
		switch {
		case in.Name != strings.ToLower(strings.ReplaceAll(name, "-", "_")):
		case in.Secret:
			p.fault(in.Name, "has no flag, because command lines are public: set %s or %s_FILE", in.Env(), in.Env())
			return true
		default:
			p.faults = append(p.faults, Fault{in.Name, "unknown flag " + flag + ": did you mean --" + in.Flag() + "?"})
			return false
		}
	}
	switch {
	case name == "" || len(flag) > 40 || strings.Trim(name, "-"+lowercase+"_") != "":
		p.argumentFault("unknown flag (not shown, it may contain a value); see dmswait --help")
	case len(name) > 1 && !strings.HasPrefix(flag, "--"): // -pPASSWORD, as some programs accept it
		p.argumentFault("unknown flag with a single dash; see dmswait --help")
	default:
		p.argumentFault("unknown flag " + flag + "; see dmswait --help")
	}
	return false
}
