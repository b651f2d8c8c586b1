package config

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"unicode/utf8"
)

// useProfile logs in as the profile file of the official SDK says: credentials_file, else the SDK's variable, else the SDK's place.
func (c *Config) useProfile(getenv func(string) string) []Fault {
	path, from := c.Login.credentialsFile, "credentials_file"
	if path == "" {
		path, from = getenv("HUAWEICLOUD_SDK_CREDENTIALS_FILE"), "HUAWEICLOUD_SDK_CREDENTIALS_FILE"
	}
	named, none := path != "", []Fault{{"credentials", howToLogIn}}
	if !named {
		if home(getenv) == "" { // never what lies in the working directory
			return none
		}
		path, from = filepath.Join(home(getenv), ".huaweicloud", "credentials"), "~/.huaweicloud/credentials"
	}
	content, err := readFile(c.ctx, path)
	if !named && errors.Is(err, fs.ErrNotExist) {
		return none
	}
	if err != nil {
		return []Fault{{from, fmt.Sprintf("the profile can't be read: %v", err)}}
	}
	basic, err := parseProfile(string(content))
	if err != nil {
		return []Fault{{from, fmt.Sprintf("the profile can't be read whole: %v", err)}}
	}
	b := borrowed{
		from:      func(field string) string { return field + " in " + from },
		accessKey: basic["ak"], secretKey: basic["sk"], securityToken: basic["security_token"],
		idpID: basic["idp_id"], idTokenFile: basic["id_token_file"],
		projectID: basic["project_id"], iamEndpoint: basic["iam_endpoint"],
	}
	if b.accessKey+b.secretKey+b.idpID+b.idTokenFile == "" {
		return []Fault{{from, "the profile has neither ak and sk nor idp_id and id_token_file in its section [basic]"}}
	}
	return c.adopt(b, nil)
}

func home(getenv func(string) string) string {
	if runtime.GOOS == "windows" {
		return getenv("USERPROFILE")
	}
	return getenv("HOME")
}

// profileKeys are those that mean something in a profile. No other is shown: it may be a secret on a line of its own.
var profileKeys = []string{"ak", "sk", "security_token", "project_id", "iam_endpoint", "idp_id", "id_token_file"}

// parseProfile reads those keys in the section [basic] of a profile. The SDK reads it as INI with all of that format's liberties; what those make
// ambiguous (quotes, continued lines, comments behind values) is an error here, so that nobody is logged in as somebody else unawares.
func parseProfile(content string) (map[string]string, error) {
	basic, section := map[string]string{}, ""
	if !utf8.ValidString(content) { // the SDK passes over the mark of UTF-16, and then reads bytes
		return nil, errors.New("it is not UTF-8")
	}
	content = strings.TrimPrefix(content, "\ufeff")
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
				return nil, fmt.Errorf("line %d has a section with blanks around its name, or without one", n+1)
			}
			section = name
			continue
		}
		at := strings.IndexAny(line, "=:")
		if at < 1 {
			return nil, fmt.Errorf("line %d is not a key with a value", n+1)
		}
		key, value := strings.TrimSpace(line[:at]), strings.TrimSpace(line[at+1:])
		if strings.ContainsAny(line[:1], "\"`") || swallows(value) {
			return nil, fmt.Errorf("line %d has a quoted key, or a value that goes on in the next line", n+1)
		}
		if section != "basic" || !slices.Contains(profileKeys, key) {
			continue
		}
		if _, twice := basic[key]; twice {
			return nil, fmt.Errorf("line %d gives %s again", n+1, key)
		}
		if strings.ContainsAny(value, "\"'`#;%") {
			return nil, fmt.Errorf("line %d has a quote, a comment or another character behind %s that no key or id has", n+1, key)
		}
		basic[key] = value
	}
	return basic, nil
}

// swallows tells whether INI reads the next line as a part of that value.
func swallows(value string) bool {
	return strings.HasSuffix(value, `\`) || strings.HasPrefix(value, "`") || strings.HasPrefix(value, `"""`)
}
