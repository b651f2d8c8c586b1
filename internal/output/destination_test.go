package output

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// warnings returns a Warnf that appends to texts.
func warnings(texts *[]string) func(string, ...any) {
	return func(format string, args ...any) { *texts = append(*texts, fmt.Sprintf(format, args...)) }
}

func TestDestinationsNameTheirInputAndTheirFiles(t *testing.T) {
	t.Parallel()
	var results []File
	for _, output := range Outputs() {
		results = append(results, File{Name: output.Name, Path: filepath.Join("results", output.Name)})
	}
	for name, test := range map[string]struct {
		destination Destination
		files       []File
	}{
		"GITHUB_OUTPUT":       {StepOutputs{"a"}, []File{{Path: "a", Appends: true}}},
		"GITHUB_STEP_SUMMARY": {JobSummary{Path: "b"}, []File{{Path: "b", Appends: true}}},
		"output_file":         {ResultFile{Path: "c"}, []File{{Path: "c"}}},
		"results_dir":         {ResultsFolder{Path: "results"}, results},
	} {
		assert.Equal(t, name, test.destination.Name())
		assert.Equal(t, test.files, test.destination.Files(), name)
	}
}

func TestResultFileIsJSONOrDotenvByItsName(t *testing.T) {
	t.Parallel()
	r := reportOf(new(documentedTask()), nil)
	variables, _ := dotenv(&r, "WAIT_")
	for name, want := range map[string]string{
		"result.json": JSON(&r) + "\n",
		"RESULT.JSON": JSON(&r) + "\n",
		"result.env":  variables,
		"result":      variables,
		"json":        variables,
		"a.json.env":  variables,
	} {
		folder := t.TempDir()
		destination := ResultFile{Path: filepath.Join(folder, name), Prefix: "WAIT_", Warnf: t.Errorf}
		require.NoError(t, destination.Check())
		assert.Empty(t, readFolder(t, folder), "the check leaves nothing behind")
		require.NoError(t, destination.Write(&r))
		assert.Equal(t, map[string]string{name: want}, readFolder(t, folder))
		require.NoError(t, destination.Check())
		require.NoError(t, destination.Write(&r))
		assert.Equal(t, map[string]string{name: want}, readFolder(t, folder), "replaced, and not appended to")
	}
}

func TestResultsFolderHasOneFilePerOutput(t *testing.T) {
	t.Parallel()
	r := reportOf(new(documentedTask()), nil)
	want := map[string]string{}
	for _, output := range values(&r) {
		want[output.name] = output.text // and no line break after it
	}
	folder := filepath.Join(t.TempDir(), "new", "results")
	destination := ResultsFolder{Path: folder, Warnf: t.Errorf}
	require.NoError(t, destination.Check())
	assert.Empty(t, readFolder(t, folder), "the check leaves only the folder behind")
	for range 2 {
		require.NoError(t, destination.Write(&r))
		assert.Equal(t, want, readFolder(t, folder))
	}
}

func TestDestinationWarnsOfWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	var warned []string
	file := ResultFile{Path: filepath.Join(folder, "vars"), Warnf: warnings(&warned)}
	results := ResultsFolder{Path: folder, Warnf: warnings(&warned)}
	large := reportWithParams(strings.Repeat("x", 3000))
	require.NoError(t, file.Write(&large))
	require.NoError(t, results.Write(&large))
	larger := reportWithParams(strings.Repeat("x", 5000))
	require.NoError(t, file.Write(&larger))
	require.NoError(t, results.Write(&larger))
	assert.Equal(t, []string{
		"output_file is limited to 4000 bytes; left empty: results, task",
		"results_dir is limited to 4000 bytes; left empty: results, task",
		"output_file is limited to 4000 bytes; left empty: results, task, params",
		"results_dir is limited to 4000 bytes; left empty: results, task, params",
	}, warned)
	json := ResultFile{Path: filepath.Join(folder, "result.json"), Warnf: t.Errorf}
	require.NoError(t, json.Write(&larger))
	content, err := os.ReadFile(json.Path)
	require.NoError(t, err)
	assert.Contains(t, string(content), strings.Repeat("x", 5000), "JSON has no limit")
}

func TestDestinationThatCannotBeWrittenIsAnError(t *testing.T) {
	t.Parallel()
	r := reportOf(new(documentedTask()), nil)
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	require.NoError(t, os.WriteFile(file, []byte("mine"), 0o600))
	taken := filepath.Join(folder, "taken")
	require.NoError(t, os.MkdirAll(filepath.Join(taken, "params"), 0o700))
	for name, destination := range map[string]Destination{
		"a folder as a file":           ResultFile{Path: folder},
		"below a file":                 ResultFile{Path: filepath.Join(file, "below")},
		"a file as a folder":           ResultsFolder{Path: file},
		"a folder below a file":        ResultsFolder{Path: filepath.Join(file, "below")},
		"a folder named like a result": ResultsFolder{Path: taken},
	} {
		assert.Error(t, destination.Check(), name)
		assert.Error(t, destination.Write(&r), name)
	}
	assert.EqualError(t, ResultsFolder{Path: taken}.Check(), "params: it is a folder")
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "mine", string(content))
}

func TestOnlyTheSummaryIsNotRequired(t *testing.T) {
	t.Parallel()
	for _, d := range []Destination{StepOutputs{}, ResultFile{}, ResultsFolder{}, JobSummary{}} {
		assert.Equal(t, d.Name() != "GITHUB_STEP_SUMMARY", d.Required(), d.Name())
	}
}
