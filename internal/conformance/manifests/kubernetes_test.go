package manifests

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

func example(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("../../../examples", path))
	require.NoError(t, err)
	return content
}

func TestCronJobExampleMatchesTheAPI(t *testing.T) {
	t.Parallel()
	var job batch.CronJob
	require.NoError(t, yaml.UnmarshalStrict(example(t, "kubernetes/cronjob.yaml"), &job))
	assert.Equal(t, "batch/v1 CronJob", job.APIVersion+" "+job.Kind)
	assert.Equal(t, batch.ForbidConcurrent, job.Spec.ConcurrencyPolicy)
	spec := job.Spec.JobTemplate.Spec
	assert.Zero(t, *spec.BackoffLimit)
	assertKeyless(t, spec.Template.Spec)
}

// The rules are those of the API server's validation, which no importable module contains.
func TestIndexedJobExampleMatchesTheAPI(t *testing.T) {
	t.Parallel()
	var job batch.Job
	require.NoError(t, yaml.UnmarshalStrict(example(t, "kubernetes/job.yaml"), &job))
	assert.Equal(t, "batch/v1 Job", job.APIVersion+" "+job.Kind)
	assert.Equal(t, batch.IndexedCompletion, *job.Spec.CompletionMode)
	assert.NotNil(t, job.Spec.Completions, "required by an Indexed Job")
	assert.NotNil(t, job.Spec.BackoffLimitPerIndex, "required by FailIndex")
	pod := job.Spec.Template.Spec
	assertKeyless(t, pod)
	assert.LessOrEqual(t, len(job.Spec.PodFailurePolicy.Rules), 20)
	for _, rule := range job.Spec.PodFailurePolicy.Rules {
		assert.Contains(t, []batch.PodFailurePolicyAction{"FailJob", "FailIndex", "Ignore", "Count"}, rule.Action)
		assert.NotEqual(t, rule.OnExitCodes == nil, len(rule.OnPodConditions) == 0, "a rule has one of the two")
		for _, condition := range rule.OnPodConditions {
			assert.Equal(t, core.ConditionTrue, condition.Status)
		}
		if codes := rule.OnExitCodes; codes != nil {
			assert.Equal(t, batch.PodFailurePolicyOnExitCodesOpIn, codes.Operator)
			assert.Equal(t, pod.Containers[0].Name, *codes.ContainerName)
			assert.Equal(t, slices.Compact(slices.Sorted(slices.Values(codes.Values))), codes.Values,
				"sorted, without duplicates")
			assert.NotContains(t, codes.Values, int32(0))
		}
	}
}

// assertKeyless asserts what a Job requires of a pod, and the token that dmswait logs in with.
func assertKeyless(t *testing.T, pod core.PodSpec) {
	t.Helper()
	assert.Equal(t, core.RestartPolicyNever, pod.RestartPolicy, "required by the failure policy of a Job")
	assert.False(t, *pod.AutomountServiceAccountToken, "dmswait does not use the API of Kubernetes")
	require.Len(t, pod.Containers, 1)
	wait := pod.Containers[0]
	assertTokenFile(t, wait, pod.Volumes)
	assert.True(t, *pod.SecurityContext.RunAsNonRoot)
	assert.True(t, *wait.SecurityContext.ReadOnlyRootFilesystem)
}

func assertTokenFile(t *testing.T, wait core.Container, volumes []core.Volume) {
	t.Helper()
	at := slices.IndexFunc(wait.VolumeMounts, func(m core.VolumeMount) bool { return m.Name == "token" })
	require.GreaterOrEqual(t, at, 0)
	of := slices.IndexFunc(volumes, func(v core.Volume) bool { return v.Name == "token" })
	require.GreaterOrEqual(t, of, 0)
	token := volumes[of].Projected.Sources[0].ServiceAccountToken
	assert.Equal(t, "sts.huaweicloud.com", token.Audience)
	assert.GreaterOrEqual(t, *token.ExpirationSeconds, int64(600), "the minimum of Kubernetes")
	assert.Contains(t, wait.Env,
		core.EnvVar{Name: "DMSWAIT_ID_TOKEN_FILE", Value: wait.VolumeMounts[at].MountPath + "/" + token.Path})
	for _, mount := range wait.VolumeMounts {
		assert.True(t, slices.ContainsFunc(volumes, func(v core.Volume) bool { return v.Name == mount.Name }),
			mount.Name)
	}
}
