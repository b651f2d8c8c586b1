package config

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/dmswait/dmswait/internal/credential"
)

// parser reads one run's inputs into config.
type parser struct {
	ctx    context.Context // its end ends the reading of a file
	getenv func(string) string
	config *Config
	inputs []Input // each sets its field of config
	faults Faults

	unknown []unknown       // variables
	known   map[string]bool // the keys of the targets so far
}

// Parse reads flags (args, without the program's name) and the environment, whose variables have these names: unknown
// ones are warned about. It returns what could be read, and all input errors. When ctx ends, a file that is still being
// read is an error.
func Parse(ctx context.Context, args []string, getenv func(string) string, names []string) (*Config, Faults) {
	config := &Config{
		Login:   Login{Values: map[string]string{}},
		Actions: Actions{On: getenv("GITHUB_ACTIONS") == "true"},
		given:   map[string]string{},
		home:    home(getenv),
	}
	p := &parser{ctx: ctx, getenv: getenv, config: config, inputs: config.inputs(), known: map[string]bool{}}
	flags := p.parseFlags(args)
	if config.Help || config.Version {
		return config, nil
	}
	p.findUnknown(names)
	p.readInputs(flags)
	p.checkTargets()
	p.checkWaiting()
	p.resolveLogin() // which may bring project and region with it
	p.deriveDefaults()
	p.checkCloud()
	p.checkIDs()
	p.checkEnvironment()
	p.warnUnknown()
	return config, p.faults
}

// fault notes what is wrong with an input. The problem continues a sentence that begins with the input's name.
func (p *parser) fault(input, problem string, args ...any) {
	text := input + " " + fmt.Sprintf(problem, args...)
	p.faults = append(p.faults, Fault{input, text, brief(text)})
}

// fail notes why the value of an input is not accepted.
func (p *parser) fail(input string, err error) {
	p.faults = append(p.faults, Fault{input, input + " " + err.Error(), briefError(input, err)})
}

// briefError returns what an error says about the value of name, without the value.
func briefError(name string, err error) string {
	var bad valueError
	if errors.As(err, &bad) {
		return brief(name + " " + bad.problem)
	}
	return brief(name + " " + err.Error())
}

// readInputs sets every input to its default, and then to the value that is given.
func (p *parser) readInputs(flags map[string]string) {
	for i := range p.inputs {
		in := &p.inputs[i]
		if in.Default != "" { // remains where the given value is not valid
			if err := in.set(in.Default); err != nil {
				panic(fmt.Sprintf("default of %s: %v", in.Name, err))
			}
		}
		value, from, err := p.lookup(in, flags)
		if err == nil && value == "" {
			continue
		}
		p.config.given[in.Name] = from
		if in.Secret && value != "" {
			p.config.secrets = append(p.config.secrets, value)
		}
		if err == nil {
			err = in.set(value)
		}
		if err != nil {
			p.fail(in.Name, fmt.Errorf("%w (from %s)", err, from))
		}
	}
}

// lookup returns the value of an input and where it comes from: its flag, the CI system's variable, its own
// variable or, for a secret, a file. At every level an empty value counts as unset.
func (p *parser) lookup(in *Input, flags map[string]string) (value, from string, err error) {
	if value := strings.TrimSpace(flags[in.Name]); value != "" {
		return value, "--" + in.Flag(), nil
	}
	for _, name := range p.variables(in) {
		if value := trim(in, p.getenv(name)); value != "" {
			switch {
			case in.Secret && name == in.Env() && p.getenv(name+"_FILE") != "":
				err = fmt.Errorf("is given twice: set either %s or %s_FILE", name, name)
			case in.Name == "password" && credential.IsQuoted(value):
				err = fmt.Errorf("is enclosed in quotes: remove them, or name a file with the password in %s_FILE, "+
					"where quotes are part of it", in.Env())
			}
			return value, name, err
		}
	}
	if !in.Secret {
		return "", "", nil
	}
	name := in.Env() + "_FILE"
	path := p.getenv(name)
	if path == "" {
		return "", "", nil
	}
	path, err = expandPath(path, p.config.home)
	if err != nil {
		return "", name, fmt.Errorf("cannot be read from its file: the path %w", err)
	}
	value, err = readSecret(p.ctx, in, path)
	return value, name, err
}

// variables returns the environment variables of an input, in order of precedence.
func (p *parser) variables(in *Input) []string {
	var names []string
	if p.config.Actions.On {
		names = append(names, "INPUT_"+in.upper())
	}
	if p.inPlugin() {
		names = append(names, "PLUGIN_"+in.upper())
	}
	return append(names, in.Env())
}

// inPlugin reports whether Woodpecker or Drone runs this as a plugin, whose inputs are settings.
func (p *parser) inPlugin() bool {
	return p.getenv("CI") == "woodpecker" || p.getenv("DRONE") == "true"
}

// trim removes the line break that a YAML block or a copied secret ends with and, unless it is a secret, the
// blanks around a value: a password may begin or end with a blank. An ID token is read as the official SDK does.
func trim(in *Input, value string) string {
	switch {
	case in.Name == "id_token":
		return credential.TrimToken(value)
	case in.Secret:
		return trimNewline(value)
	}
	return strings.TrimSpace(value)
}

func trimNewline(value string) string {
	return strings.TrimSuffix(strings.TrimSuffix(value, "\n"), "\r")
}

// onceMaxOutage is the default of max_outage at timeout 0. It is not 0, so that one failing response is no alarm.
const onceMaxOutage = 30 * time.Second

// deriveDefaults sets the defaults that depend on other inputs or on the environment.
func (p *parser) deriveDefaults() {
	c := p.config
	if !c.has("max_interval") {
		c.MaxInterval = max(c.MaxInterval, c.Interval)
	}
	// A single poll should not take as long as a wait tolerates a missing task or an outage.
	if c.Timeout == 0 && !c.has("not_found_grace") {
		c.NotFoundGrace = 0
	}
	if c.Timeout == 0 && !c.has("max_outage") {
		c.MaxOutage = onceMaxOutage
	}
	if !c.has("settle") && c.Timeout > 0 {
		c.Settle = min(c.Settle, c.Timeout/2)
	}
	if !c.has("debug") {
		c.Debug = p.getenv("RUNNER_DEBUG") == "1"
	}
	if c.Endpoint == "" && c.Region != "" {
		c.Endpoint = c.regional("dms")
	}
	if c.ProjectID == "" && c.ProjectName == "" {
		c.ProjectName = c.Region
	}
}
