package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

// parseFlags reads args flag by flag, so that no fault hides what stands behind it, --help least of all.
func (c *Config) parseFlags(args []string) (*pflag.FlagSet, []Fault) {
	flags := c.declareFlags()
	var faults []Fault
	// What follows an unknown flag was meant for it. It is not shown: it may be a secret.
	meant := 0
	for len(args) > 0 {
		arg, own := args[0], width(flags, args)
		switch {
		case own > 0:
			if err := flags.Parse(args[:own]); err != nil {
				faults = append(faults, flagFault(err))
			}
			meant = 0
		case arg == "--":
			if len(args) > 1 {
				faults = append(faults, Fault{"arguments", "nothing may stand behind --: every input has a flag, see dmswait --help"})
			}
			own = len(args)
		case strings.HasPrefix(arg, "-") && arg != "-":
			name, _, hasValue := strings.Cut(arg, "=")
			fault, isSecret := unknownFlag(name)
			faults = append(faults, fault)
			switch {
			case isSecret: // which may have blanks, and no quotes
				meant = len(args)
			case hasValue:
				meant = 0
			default:
				meant = 1
			}
		case meant > 0:
			meant--
		default:
			faults = append(faults, Fault{"arguments", quote(arg) + " is not a flag; every input has one, see dmswait --help"})
		}
		args = args[max(own, 1):]
	}
	for _, fault := range faults {
		c.given[fault.Input] = "the command line"
	}
	return flags, faults
}

func (c *Config) declareFlags() *pflag.FlagSet {
	flags := pflag.NewFlagSet("dmswait", pflag.ContinueOnError)
	flags.BoolVarP(&c.Help, "help", "h", false, "")
	flags.BoolVar(&c.Version, "version", false, "")
	for _, in := range Inputs() {
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

// width is how many of args the flag that they begin with takes up: 1, or 2 with a value of its own; 0 when it is none of ours.
func width(flags *pflag.FlagSet, args []string) int {
	name, _, hasValue := strings.Cut(args[0], "=")
	if name == "-h" {
		return 1
	}
	flag := flags.Lookup(strings.TrimPrefix(name, "--"))
	switch {
	case flag == nil || !strings.HasPrefix(name, "--"):
		return 0
	case hasValue || flag.NoOptDefVal != "" || len(args) == 1 || isFlag(flags, args[1]): // an empty variable, unquoted, leaves a flag without its value
		return 1
	}
	return 2
}

func isFlag(flags *pflag.FlagSet, arg string) bool {
	name, _, _ := strings.Cut(arg, "=")
	return strings.HasPrefix(name, "--") && flags.Lookup(strings.TrimPrefix(name, "--")) != nil
}

func flagFault(err error) Fault {
	var missing *pflag.ValueRequiredError
	if errors.As(err, &missing) {
		return Fault{strings.ReplaceAll(missing.GetSpecifiedName(), "-", "_"), "the flag needs a value"}
	}
	return Fault{"arguments", "--help and --version take no value"}
}

// unknownFlag tells what is wrong with a flag that does not exist, as far as its name may be shown, and whether a secret was meant.
func unknownFlag(flag string) (fault Fault, isSecret bool) {
	name := strings.TrimLeft(flag, "-")
	for _, in := range Inputs() {
		switch {
		case in.Name != strings.ToLower(strings.ReplaceAll(name, "-", "_")):
		case in.Secret:
			return Fault{in.Name, fmt.Sprintf("has no flag, since command lines are public: set %s or %s_FILE", in.Env(), in.Env())}, true
		default:
			return Fault{in.Name, fmt.Sprintf("its flag is --%s", in.Flag())}, false
		}
	}
	switch {
	case name == "" || len(flag) > 40 || strings.Trim(name, "-abcdefghijklmnopqrstuvwxyz_") != "":
		return Fault{"arguments", "there is a flag of an odd name; dmswait --help lists all"}, false
	case len(name) > 1 && !strings.HasPrefix(flag, "--"): // -pPASSWORD, as some programs have it
		return Fault{"arguments", "a flag has two dashes; dmswait --help lists all"}, false
	}
	return Fault{flag, "is not a flag; dmswait --help lists all"}, false
}
