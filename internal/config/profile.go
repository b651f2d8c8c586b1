package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"unicode/utf8"
)

// useDefaultProfile selects the login method of the profile that the official SDK would read here: its variable's,
// otherwise the one at its default path.
func (p *parser) useDefaultProfile() {
	const name = "HUAWEICLOUD_SDK_CREDENTIALS_FILE"
	if path := p.getenv(name); path != "" {
		p.useProfile(path, name)
		return
	}
	home := home(p.getenv)
	path := filepath.Join(home, ".huaweicloud", "credentials")
	_, err := os.Stat(path)
	if home == "" || errors.Is(err, fs.ErrNotExist) { // never a file of the working directory
		p.fault("credentials", "%s%s", noCredentials(), p.withheld())
		return
	}
	p.useProfile(path, "~/.huaweicloud/credentials")
}

// useProfile selects the login method of a profile in the official SDK's format.
func (p *parser) useProfile(path, from string) {
	content, err := readText(p.ctx, path)
	var basic map[string]string
	if err == nil {
		basic, err = parseProfile(content)
	}
	var b borrowed
	for _, key := range profileKeys {
		b = append(b, named{key[0], "credentials_file", key[1] + " in " + quote(path), basic[key[1]]})
	}
	if err == nil && !b.present() {
		err = errors.New("it has neither ak and sk nor idp_id and id_token_file in its section [basic]")
	}
	if err != nil {
		p.fault("credentials_file", "cannot be used: %s: %v (from %s)", quote(path), err, from)
		return
	}
	p.borrow(b)
}

func home(getenv func(string) string) string {
	if runtime.GOOS == "windows" {
		return getenv("USERPROFILE")
	}
	return getenv("HOME")
}

// profileKeys are the inputs for which a profile may have values, and their keys. Errors name no other keys: what looks
// like one may be a secret on a line of its own.
var profileKeys = [][2]string{
	{"access_key", "ak"}, {"secret_key", "sk"}, {"security_token", "security_token"}, {"project_id", "project_id"},
	{"iam_endpoint", "iam_endpoint"}, {"idp_id", "idp_id"}, {"id_token", "id_token_file"},
}

// parseProfile reads the section [basic] of a profile. The SDK reads profiles as INI, a format with many
// variants. What those make ambiguous (quotes, continued lines, comments after values) is an error here, so
// that nobody logs in as somebody else without noticing.
func parseProfile(content string) (map[string]string, error) {
	if !utf8.ValidString(content) { // the SDK skips the byte order mark of UTF-16, and then reads bytes
		return nil, errors.New("it is not UTF-8")
	}
	basic, section := map[string]string{}, ""
	for n, line := range strings.Split(content, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
			continue
		case line[0] == '[':
			name, rest, ok := strings.Cut(line[1:], "]")
			if !ok || strings.TrimSpace(rest) != "" {
				return nil, fmt.Errorf("line %d is not a section", n+1)
			}
			if name == "" || name != strings.TrimSpace(name) {
				return nil, fmt.Errorf("line %d is a section without a name, or with blanks around the name", n+1)
			}
			section = name
			continue
		}
		at := strings.IndexAny(line, "=:")
		if at < 1 {
			return nil, fmt.Errorf("line %d is not a key with a value", n+1)
		}
		key, value := strings.TrimSpace(line[:at]), strings.TrimSpace(line[at+1:])
		if strings.ContainsAny(line[:1], "\"`") || continues(value) {
			return nil, fmt.Errorf("line %d has a quoted key, or a value that continues on the next line", n+1)
		}
		if section != "basic" || !slices.ContainsFunc(profileKeys, func(known [2]string) bool { return known[1] == key }) {
			continue
		}
		if _, twice := basic[key]; twice {
			return nil, fmt.Errorf("line %d sets %s a second time", n+1, key)
		}
		if strings.ContainsAny(value, "\"'`#;%") {
			return nil, fmt.Errorf("line %d: %s contains a quote, a comment or a character "+
				"that no key or id contains", n+1, key)
		}
		basic[key] = value
	}
	return basic, nil
}

// continues reports whether INI reads the next line as part of the value.
func continues(value string) bool {
	return strings.HasSuffix(value, `\`) || strings.HasPrefix(value, "`") || strings.HasPrefix(value, `"""`)
}
