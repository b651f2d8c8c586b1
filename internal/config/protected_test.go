package config

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestFilesOfOthersAreThoseOfTheRunnerAndThoseThatAreRead(t *testing.T) {
	t.Parallel()
	token := tempFile(t, "token")
	profile := tempFile(t, "[basic]\nidp_id=gitlab\nid_token_file="+token+"\n")
	environment := withoutCredentials().with(vars{"HOME": "/home/x", "USERPROFILE": "/home/x"})
	var want []NamedFile
	for _, name := range []string{
		"GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_EVENT_PATH",
		"HUAWEICLOUD_SDK_CREDENTIALS_FILE", "HUAWEICLOUD_SDK_ID_TOKEN_FILE",
		"HC_CONTAINER_AUTHORIZATION_TOKEN_FILE", "SSL_CERT_FILE",
		"DMSWAIT_ID_TOKEN_FILE", "DMSWAIT_SECRET_KEY_FILE", "DMSWAIT_SECURITY_TOKEN_FILE", "DMSWAIT_AUTH_TOKEN_FILE",
		"DMSWAIT_PASSWORD_FILE",
	} {
		want = append(want, NamedFile{name, "/" + name})
	}
	c, faults := parse(environment, "--credentials-file", profile)
	assert.Empty(t, faults)
	want = append(want, NamedFile{"credentials_file", profile},
		NamedFile{"~/.huaweicloud/credentials", filepath.Join("/home/x", ".huaweicloud", "credentials")},
		NamedFile{"id_token_file in the profile", token})
	all := environment
	for _, f := range want {
		all = all.with(vars{f.Name: f.Path})
	}
	assert.Equal(t, want, c.ProtectedFiles(all.get))

	c, _ = parse(complete())
	assert.Empty(t, c.ProtectedFiles(complete().get), "none without a variable that names it")
}
