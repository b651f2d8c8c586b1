package config

import "path/filepath"

// NamedFile is a file, and the variable or input that names it.
type NamedFile struct{ Name, Path string }

// protectedBy are the variables whose files no result may overwrite: the runner's, and those we read.
var protectedBy = []string{
	"GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE", "GITHUB_EVENT_PATH",
	"HUAWEICLOUD_SDK_CREDENTIALS_FILE", "HUAWEICLOUD_SDK_ID_TOKEN_FILE", podTokenFile, "SSL_CERT_FILE",
}

// ProtectedFiles returns the files that no result may overwrite. Do not show their paths: someone may have
// confused the variable of a secret's file with that of the secret itself, and the path is then the secret.
func (c *Config) ProtectedFiles(getenv func(string) string) []NamedFile {
	var files []NamedFile
	add := func(name, path string) {
		if path != "" {
			files = append(files, NamedFile{name, path})
		}
	}
	for _, name := range protectedBy {
		add(name, getenv(name))
	}
	for _, in := range Inputs() {
		if in.Secret {
			path, _ := expandPath(getenv(in.Env()+"_FILE"), c.home) // a path that is refused is not read
			add(in.Env()+"_FILE", path)
		}
	}
	add("credentials_file", c.Login.profile)
	if home := home(getenv); home != "" {
		add("~/.huaweicloud/credentials", filepath.Join(home, ".huaweicloud", "credentials"))
	}
	add("id_token_file in the profile", c.Login.IDToken.File)
	return files
}
