package repo_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/test/trial"
)

// completed are the inputs whose values a shell can complete: "files", "folders", or the values themselves.
var completed = map[string][]string{
	"until":            {"ready", "idle", "deleted"},
	"succeed_on":       {"failure", "cancelled", "not_found", "timeout", "running", "unavailable"},
	"format":           {"text", "json", "none"},
	"log_format":       {"text", "json"},
	"output_file":      {"files"},
	"credentials_file": {"files"},
	"results_dir":      {"folders"},
}

const completionHeader = "# Generated from the table of inputs by: go test ./test/repo -update\n"

// flags returns the inputs that are flags, --help and --version included.
func flags() []config.Input {
	isSecret := func(in config.Input) bool { return in.Secret }
	return append(slices.DeleteFunc(config.Inputs(), isSecret),
		config.Input{Name: "help", Switch: true, Meaning: "print the inputs and exit"},
		config.Input{Name: "version", Switch: true, Meaning: "print the version and exit"})
}

func TestCompletionsFollowFromTheTableOfInputs(t *testing.T) {
	trial.Golden(t, inRepository(t, "packaging/dmswait.bash"), bashCompletion())
	trial.Golden(t, inRepository(t, "packaging/_dmswait"), zshCompletion())
	trial.Golden(t, inRepository(t, "packaging/dmswait.fish"), fishCompletion())
}

func TestCompletedValuesAreThoseOfTheInputs(t *testing.T) {
	t.Parallel()
	for name, values := range completed {
		i := slices.IndexFunc(config.Inputs(), func(in config.Input) bool { return in.Name == name })
		require.GreaterOrEqual(t, i, 0, name)
		if values[0] != "files" && values[0] != "folders" {
			listed := strings.ReplaceAll(config.Inputs()[i].Meaning, " or ", ", ")
			assert.Contains(t, listed, strings.Join(values, ", "))
		}
	}
}

func bashCompletion() string {
	var b strings.Builder
	b.WriteString(completionHeader + `
_dmswait() {
  local word=${COMP_WORDS[COMP_CWORD]} flag=${COMP_WORDS[COMP_CWORD - 1]}
  # bash makes three words of --format=json.
  if [[ $word = = ]]; then
    word=
  elif [[ $flag = = ]]; then
    flag=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  COMPREPLY=() # without an entry, bash completes names of files
  # shellcheck disable=SC2207 # no entry contains a blank; macOS has no mapfile
  case $flag in
`)
	var all, others []string
	for _, in := range flags() {
		flag, values := "--"+in.Flag(), completed[in.Name]
		all = append(all, flag)
		switch {
		case in.Name == "succeed_on": // a list: only what follows its last comma is completed
			fmt.Fprintf(&b, "    %s)\n      local before=\n      [[ $word != *,* ]] || before=${word%%,*},\n"+
				"      COMPREPLY=($(compgen -P \"$before\" -W '%s' -- \"${word##*,}\"))\n      ;;\n",
				flag, strings.Join(values, " "))
		case len(values) > 1:
			fmt.Fprintf(&b, "    %s) COMPREPLY=($(compgen -W '%s' -- \"$word\")) ;;\n", flag, strings.Join(values, " "))
		case !in.Switch:
			others = append(others, flag)
		}
	}
	fmt.Fprintf(&b, "    %s) ;;\n", strings.Join(others, " | "))
	fmt.Fprintf(&b, "    *) COMPREPLY=($(compgen -W '%s' -- \"$word\")) ;;\n", strings.Join(all, " "))
	b.WriteString("  esac\n}\ncomplete -o default -F _dmswait dmswait\n")
	return b.String()
}

func zshCompletion() string {
	var b strings.Builder
	b.WriteString("#compdef dmswait\n" + completionHeader + "\n_arguments -S \\\n")
	escaped := strings.NewReplacer(`\`, `\\`, "[", `\[`, "]", `\]`, ":", `\:`, "'", `'\''`).Replace
	for i, in := range flags() {
		fmt.Fprintf(&b, "  '--%s[%s]", in.Flag(), escaped(in.Meaning))
		switch values := completed[in.Name]; {
		case in.Switch:
		case values == nil:
			b.WriteString(":value: ")
		case values[0] == "files":
			b.WriteString(":file:_files")
		case values[0] == "folders":
			b.WriteString(":folder:_files -/")
		case in.Name == "succeed_on":
			fmt.Fprintf(&b, ":results:_sequence compadd - %s", strings.Join(values, " "))
		default:
			fmt.Fprintf(&b, ":value:(%s)", strings.Join(values, " "))
		}
		b.WriteString("'")
		if i < len(flags())-1 {
			b.WriteString(" \\")
		}
		b.WriteString("\n")
	}
	return b.String()
}

func fishCompletion() string {
	var b strings.Builder
	b.WriteString(completionHeader + "\ncomplete -c dmswait -f\n")
	escaped := strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace
	for _, in := range flags() {
		fmt.Fprintf(&b, "complete -c dmswait -l %s -d '%s'", in.Flag(), escaped(in.Meaning))
		switch values := completed[in.Name]; {
		case in.Switch:
		case values == nil:
			b.WriteString(" -x")
		case values[0] == "files":
			b.WriteString(" -r -F")
		case values[0] == "folders":
			b.WriteString(" -x -a '(__fish_complete_directories)'")
		case in.Name == "succeed_on":
			fmt.Fprintf(&b, ` -x -a '(__fish_complete_list , "string split \" \" \"%s\"")'`, strings.Join(values, " "))
		default:
			fmt.Fprintf(&b, " -x -a '%s'", strings.Join(values, " "))
		}
		b.WriteString("\n")
	}
	return b.String()
}
