package manifests

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	core "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

func TestTektonExampleMatchesTheSchema(t *testing.T) {
	t.Parallel()
	var crd struct {
		Spec struct {
			Versions []struct {
				Name   string
				Schema struct{ OpenAPIV3Schema *schema }
			}
		}
	}
	require.NoError(t, yaml.Unmarshal(published(t, "github.com/tektoncd/pipeline@v1.3.0", tektonSum, "config/300-crds/300-task.yaml"), &crd))
	var task any
	require.NoError(t, yaml.UnmarshalStrict(example(t, "tekton/task.yaml"), &task))
	checked := false
	for _, version := range crd.Spec.Versions {
		if version.Name == "v1" {
			checked = true
			assert.NotEmpty(t,
				version.Schema.OpenAPIV3Schema.Properties["spec"].Properties["steps"].Items.Properties, "otherwise nothing is checked")
			assert.Empty(t, version.Schema.OpenAPIV3Schema.check(nil, "task", task))
		}
	}
	assert.True(t, checked)

	var inside struct {
		APIVersion, Kind string
		Spec             struct {
			Volumes []core.Volume
			Steps   []core.Container
		}
	}
	require.NoError(t, yaml.Unmarshal(example(t, "tekton/task.yaml"), &inside))
	assert.Equal(t, "tekton.dev/v1 Task", inside.APIVersion+" "+inside.Kind)
	assertTokenFile(t, inside.Spec.Steps[0], inside.Spec.Volumes)
}

func TestArgoExampleMatchesTheSchema(t *testing.T) {
	t.Parallel()
	var all struct{ Definitions map[string]*schema }
	require.NoError(t, json.Unmarshal(published(t, "github.com/argoproj/argo-workflows/v3@v3.7.0", argoSum, "api/jsonschema/schema.json"), &all))
	var workflow any
	require.NoError(t, yaml.UnmarshalStrict(example(t, "argo/workflow.yaml"), &workflow))
	definition := all.Definitions["io.argoproj.workflow.v1alpha1.Workflow"]
	require.NotNil(t, definition)
	assert.Empty(t, definition.check(all.Definitions, "workflow", workflow))

	var inside struct {
		Spec struct {
			Entrypoint string
			Templates  []struct {
				Name          string
				Container     core.Container
				Volumes       []core.Volume
				RetryStrategy struct{ RetryPolicy string }
				Steps         [][]struct{ Template string }
			}
		}
	}
	require.NoError(t, yaml.Unmarshal(example(t, "argo/workflow.yaml"), &inside))
	names := map[string]bool{}
	for _, template := range inside.Spec.Templates {
		names[template.Name] = true
	}
	assert.True(t, names[inside.Spec.Entrypoint])
	for _, parallel := range inside.Spec.Templates[0].Steps {
		for _, step := range parallel {
			assert.True(t, names[step.Template], step.Template)
		}
	}
	wait := inside.Spec.Templates[1]
	assertTokenFile(t, wait.Container, wait.Volumes)
	assert.Contains(t, []string{"Always", "OnFailure", "OnError", "OnTransientError"}, wait.RetryStrategy.RetryPolicy)
}

// The checksums of those modules, as go.sum would have them.
const (
	tektonSum = "h1:/qYHk62Po76z+pWxd2bbPrCkzcsCLhcRMjv0H6NuB58="
	argoSum   = "h1:TDijZztm6dLruB7yZLH+Ps4OJKRwu0YSAJ4/NvceON0="
)
