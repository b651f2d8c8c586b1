package config

import "path/filepath"

// Named is a file, and the variable or input that names it.
type Named struct{ Name, Path string }

// foreignFiles are the variables that name files of others: those that GitHub's runner reads or has
// written, and those that we read ourselves.
var foreignFiles = []string{
	"GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_EVENT_PATH",
	"HUAWEICLOUD_SDK_CREDENTIALS_FILE", "HUAWEICLOUD_SDK_ID_TOKEN_FILE", "SSL_CERT_FILE",
}

// Foreign returns the files that no result may replace. Whoever took the variable of a secret's
// file for that of the secret has the secret in its Path: that is not for showing.
func (c *Config) Foreign(getenv func(string) string) []Named {
	var files []Named
	add := func(name, path string) {
		if path != "" {
			files = append(files, Named{name, path})
		}
	}
	for _, name := range foreignFiles {
		add(name, getenv(name))
	}
	for _, in := range Inputs() {
		if in.Secret {
			add(in.Env()+"_FILE", getenv(in.Env()+"_FILE"))
		}
	}
	add("credentials_file", c.Login.credentialsFile)
	if home := home(getenv); home != "" {
		add("~/.huaweicloud/credentials", filepath.Join(home, ".huaweicloud", "credentials"))
	}
	add("id_token_file in the profile", c.Login.IDTokenFile)
	return files
}
