// Package script holds what users see of a run: one script per situation, with the commands, stdout, stderr,
// files and exit codes. The scripts run the built program against a simulated cloud. Their commands, besides
// those of testscript:
//
//	cloud [-KIND=CODE…] [INSTANCE/TASK=STATUS,…] [RESPONSE…]
//	                                start a cloud, and set the environment for a wait with an access key
//	exits CODE COMMAND [ARGUMENT…]  run a command, which must exit with this code
//	show FILE…                      print files to stdout
//	requests                        print the kinds of the requests that the cloud received to stdout
//
// In the output of exits and show, what is different in each run is replaced. With -update, cmp writes what
// it got into the scripts.
package script

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/dmswait/dmswait/internal/simulator"
	"github.com/dmswait/dmswait/test/trial"
)

func TestMain(m *testing.M) { trial.Main(m) }

func TestScripts(t *testing.T) {
	folder := filepath.Dir(trial.Program(t))
	testscript.Run(t, testscript.Params{
		Dir: ".",
		Setup: func(env *testscript.Env) error {
			env.Values[cloudKey{}] = new(*simulator.Server)
			env.Setenv("PATH", folder+string(os.PathListSeparator)+os.Getenv("PATH"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"cloud": startCloud, "requests": printRequests, "exits": runProgram, "show": showFiles,
		},
		RequireUniqueNames: true,
		UpdateScripts:      *trial.Update,
	})
}
