package manifests

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// schema is as much of JSON Schema and of Kubernetes' additions as Tekton and Argo use.
type schema struct {
	Ref         string `json:"$ref"`
	Type        string
	Const       any
	Enum        []any
	Properties  map[string]*schema
	Additional  json.RawMessage `json:"additionalProperties"`
	Items       *schema
	Required    []string
	IntOrString bool `json:"x-kubernetes-int-or-string"`
	Open        bool `json:"x-kubernetes-preserve-unknown-fields"`
}

// check returns where a value violates a schema. It is stricter than JSON Schema: undeclared fields are faults, too.
func (s *schema) check(definitions map[string]*schema, path string, value any) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, path+": "+fmt.Sprintf(format, args...)) }
	if s.Ref != "" {
		definition := definitions[strings.TrimPrefix(s.Ref, "#/definitions/")]
		if definition == nil {
			fault("no definition %s", s.Ref)
			return faults
		}
		return definition.check(definitions, path, value)
	}
	if s.Const != nil && s.Const != value {
		fault("%v, want %v", value, s.Const)
	}
	if s.Enum != nil && !slices.Contains(s.Enum, value) {
		fault("%v is not one of %v", value, s.Enum)
	}
	if !s.accepts(value) {
		fault("%v (%T) is not of type %s", value, value, s.Type)
	}
	switch value := value.(type) {
	case map[string]any:
		faults = append(faults, s.checkFields(definitions, path, value)...)
	case []any:
		for i, item := range value {
			if s.Items != nil {
				faults = append(faults, s.Items.check(definitions, fmt.Sprintf("%s[%d]", path, i), item)...)
			}
		}
	}
	return faults
}

func (s *schema) checkFields(definitions map[string]*schema, path string, fields map[string]any) (faults []string) {
	for _, name := range s.Required {
		if _, ok := fields[name]; !ok {
			faults = append(faults, path+": "+name+" is required")
		}
	}
	var additional *schema
	anything := s.Open || s.Properties == nil && s.Additional == nil || string(s.Additional) == "true"
	if !anything && s.Additional != nil && string(s.Additional) != "false" {
		additional = &schema{}
		if err := json.Unmarshal(s.Additional, additional); err != nil {
			return append(faults, path+": "+err.Error())
		}
	}
	for name, field := range fields {
		known := s.Properties[name]
		if known == nil {
			known = additional
		}
		switch {
		case known != nil:
			faults = append(faults, known.check(definitions, path+"."+name, field)...)
		case !anything:
			faults = append(faults, path+": unknown field "+name)
		}
	}
	return faults
}

func (s *schema) accepts(value any) bool {
	switch value := value.(type) {
	case string:
		return s.Type == "string" || s.IntOrString || s.Type == ""
	case float64:
		return s.Type == "number" || s.Type == "integer" && value == float64(int64(value)) || s.IntOrString || s.Type == ""
	case bool:
		return s.Type == "boolean" || s.Type == ""
	case map[string]any:
		return s.Type == "object" || s.Type == ""
	case []any:
		return s.Type == "array" || s.Type == ""
	}
	return false // no manifest needs null
}

// published returns a file of a module. The module is downloaded without its dependencies, and verified against a
// checksum as go.sum would do.
func published(t *testing.T, module, sum, path string) []byte {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", module)
	command.Dir = t.TempDir() // outside of any module
	out, err := command.Output()
	var got struct{ Dir, Sum, Error string }
	require.NoError(t, json.Unmarshal(out, &got), "%v", err)
	require.Empty(t, got.Error)
	require.Equal(t, sum, got.Sum)
	content, err := os.ReadFile(filepath.Join(got.Dir, path))
	require.NoError(t, err)
	return content
}

func TestSchemaCheckIsStrict(t *testing.T) {
	t.Parallel()
	var s schema
	require.NoError(t, json.Unmarshal([]byte(`{"type": "object", "required": ["name"], "properties": {
		"name": {"type": "string"}, "kind": {"type": "string", "const": "Task"}, "limit": {"x-kubernetes-int-or-string": true},
		"labels": {"type": "object", "additionalProperties": {"type": "string"}}, "empty": {"type": "object"},
		"steps": {"type": "array", "items": {"$ref": "#/definitions/step"}}}}`), &s))
	definitions := map[string]*schema{"step": {Type: "object", Properties: map[string]*schema{"image": {Type: "string"}}}}
	for text, faults := range map[string][]string{
		`{"name": "a", "kind": "Task", "limit": 1, "labels": {"any": "x"}, "empty": {"b": 1}, "steps": [{"image": "x"}]}`: nil,
		`{"name": "a", "limit": "1"}`:                nil,
		`{}`:                                         {"x: name is required"},
		`{"name": 1}`:                                {"x.name: 1 (float64) is not of type string"},
		`{"name": "a", "kind": "Job"}`:               {"x.kind: Job, want Task"},
		`{"name": "a", "nam": "b"}`:                  {"x: unknown field nam"},
		`{"name": "a", "labels": {"b": 1}}`:          {"x.labels.b: 1 (float64) is not of type string"},
		`{"name": "a", "steps": [{}, {"img": "x"}]}`: {"x.steps[1]: unknown field img"},
		`{"name": "a", "steps": {}}`:                 {"x.steps: map[] (map[string]interface {}) is not of type array"},
		`{"name": null}`:                             {"x.name: <nil> (<nil>) is not of type string"},
	} {
		var value any
		require.NoError(t, json.Unmarshal([]byte(text), &value))
		assert.Equal(t, faults, s.check(definitions, "x", value), text)
	}
}
