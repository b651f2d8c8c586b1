package output

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/sanitize"
)

const fakeSecret = "fakeSecretKeyForTestsOnly012345678901234"

// BenchmarkOutputs measures making all outputs of a task that has ended, params and task among them.
func BenchmarkOutputs(b *testing.B) {
	r := reportOf(new(documentedTask()), nil)
	r.Secrets = sanitize.NewSecrets(fakeSecret)
	b.ReportAllocs()
	for b.Loop() {
		if len(values(&r)) != len(Outputs()) {
			b.Fatal("outputs are missing")
		}
	}
}

// BenchmarkWriteOutput measures making the outputs and replacing a JSON file with them.
func BenchmarkWriteOutput(b *testing.B) {
	r := reportOf(new(documentedTask()), nil)
	r.Secrets = sanitize.NewSecrets(fakeSecret)
	destination := ResultFile{Path: filepath.Join(b.TempDir(), "result.json")}
	b.ReportAllocs()
	for b.Loop() {
		require.NoError(b, destination.Write(&r))
	}
}
