package config

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}

func TestProfilePrecedenceIsInputThenSDKThenHome(t *testing.T) {
	t.Parallel()
	profile := func(ak string) string { return tempFile(t, "[basic]\nak = "+ak+"\nsk = SK\n") }
	environment := withoutCredentials().with(homeWithProfile(t, "[basic]\nak = HOME\nsk = SK\n")).
		with(vars{"HUAWEICLOUD_SDK_CREDENTIALS_FILE": profile("SDK"), "DMSWAIT_CREDENTIALS_FILE": profile("OWN")})
	for _, want := range []struct{ ak, from, unset string }{
		{"OWN", "ak in " + quote(environment["DMSWAIT_CREDENTIALS_FILE"]), "DMSWAIT_CREDENTIALS_FILE"},
		{"SDK", "ak in " + quote(environment["HUAWEICLOUD_SDK_CREDENTIALS_FILE"]), "HUAWEICLOUD_SDK_CREDENTIALS_FILE"},
		{"HOME", "ak in " + quote(filepath.Join(environment["HOME"], ".huaweicloud", "credentials")), "HOME"},
	} {
		c, faults := parse(environment)
		assert.Empty(t, faults)
		assert.Equal(t, want.ak, c.Login.Values["access_key"])
		assert.Equal(t, want.from, c.Login.From)
		environment[want.unset] = ""
	}
	c, faults := parse(environment, "--credentials-file", profile("FLAG"))
	assert.Empty(t, faults)
	assert.Equal(t, "FLAG", c.Login.Values["access_key"])
}

func TestProfileThatIsNamedMustExist(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "missing")
	const fault = "credentials_file cannot be used: "
	for _, name := range []string{"DMSWAIT_CREDENTIALS_FILE", "HUAWEICLOUD_SDK_CREDENTIALS_FILE"} {
		_, faults := parse(withoutCredentials().with(vars{name: missing}))
		assert.Equal(t, []string{fault + quote(missing) + ": no such file or directory (from " + name + ")"}, faults)
		folder := t.TempDir()
		_, faults = parse(withoutCredentials().with(vars{name: folder}))
		assert.Equal(t, []string{fault + quote(folder) + ": is a directory (from " + name + ")"}, faults)
	}
	home := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(home, ".huaweicloud", "credentials"), 0o700))
	_, faults := parse(withoutCredentials().with(vars{"HOME": home, "USERPROFILE": home}))
	want := []string{fault + quote(filepath.Join(home, ".huaweicloud", "credentials")) +
		": is a directory (from ~/.huaweicloud/credentials)"}
	assert.Equal(t, want, faults, "an existing profile must be readable")
}

func TestProfileOfTheWorkingDirectoryIsNotRead(t *testing.T) {
	folder := t.TempDir()
	writeFile(t, filepath.Join(folder, ".huaweicloud", "credentials"), "[basic]\nak=STRAY\nsk=SK\n")
	t.Chdir(folder)
	c, faults := parse(withoutCredentials())
	assert.Len(t, faults, 1)
	assert.Empty(t, c.Login.Values["access_key"])
}

func TestProfileProvidesAllThatTheSDKReads(t *testing.T) {
	t.Parallel()
	token := tempFile(t, "token")
	profile := tempFile(t, "[basic]\nak=AK\nsk=SK\nsecurity_token=ST\n"+
		"project_id=p2\niam_endpoint=https://iam.example.com")
	environment := withoutCredentials().with(vars{
		"DMSWAIT_PROJECT_ID": "", "HUAWEICLOUD_SDK_CREDENTIALS_FILE": profile,
	})
	c, faults := parse(environment)
	assert.Empty(t, faults)
	assert.Equal(t, login(byKeys, "ak in "+quote(profile),
		vars{"access_key": "AK", "secret_key": "SK", "security_token": "ST"}, IDToken{}), loginOf(c))
	assert.Equal(t, "p2", c.ProjectID)
	assert.Equal(t, []string{"https://iam.example.com"}, c.IAMEndpoints())
	c, _ = parse(environment.with(vars{"DMSWAIT_PROJECT_ID": "mine",
		"DMSWAIT_IAM_ENDPOINT": "https://iam.my.example"}))
	assert.Equal(t, "mine", c.ProjectID)
	assert.Equal(t, "https://iam.my.example", c.IAMEndpoint)

	profile = tempFile(t, "[basic]\nidp_id=gitlab\nid_token_file="+token+"\nak=AK\nsk=SK\n")
	c, faults = parse(withoutCredentials(), "--credentials-file", profile)
	assert.Empty(t, faults)
	assert.Equal(t, byIdentityProvider, methodOf(c))
	assert.Equal(t, "gitlab", c.Login.Values["idp_id"])
	assert.Equal(t, token, c.Login.IDToken.File)
	assert.Equal(t, "idp_id in "+quote(profile), c.Login.From)
}

func TestIncompleteProfileNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	const neither = "credentials_file cannot be used: PATH: it has neither ak and sk nor idp_id and id_token_file " +
		"in its section [basic]"
	for content, want := range map[string]string{
		"":                       neither,
		"ak=AK\nsk=SK":           neither,
		"[basic]\nproject_id=p":  neither,
		"[basic]\nak=AK":         "sk in PATH is required with ak in PATH",
		"[basic]\nsk=SK\nak=":    "ak in PATH is required with sk in PATH",
		"[basic]\nidp_id=x":      "id_token_file in PATH is required with idp_id in PATH",
		"[basic]\nak=A K\nsk=SK": "ak in PATH contains a blank",
		"[basic]\nidp_id=x\nid_token_file=/nonexistent/x": "id_token_file in PATH cannot be read " +
			"from its file: no such file or directory",
		"[basic]\nak=AK\nsk=SK\nsk=SK": "credentials_file cannot be used: PATH: line 4 sets sk a second time",
	} {
		path := tempFile(t, content)
		_, faults := parse(withoutCredentials(), "--credentials-file", path)
		if assert.Len(t, faults, 1, "%q", content) {
			assert.True(t, strings.HasPrefix(strings.ReplaceAll(faults[0], quote(path), "PATH"), want), faults[0])
		}
	}
}

// What the SDK would read differently from what people mean is an error, and so is what it refuses.
func TestProfileIsReadAsByTheSDKOrRefused(t *testing.T) {
	t.Parallel()
	type keys = map[string]string
	for content, want := range map[string]keys{ // nil: an error
		"[basic]\nak = AK\nsk = SK":                                    {"ak": "AK", "sk": "SK"},
		"\ufeff[basic]\r\nak=AK\r\nsk=SK\r\n":                          {"ak": "AK", "sk": "SK"},
		"  [basic]  \n\t ak \t=\t AK \t\n":                             {"ak": "AK"},
		"[basic]\nak:AK\nsk : SK==":                                    {"ak": "AK", "sk": "SK=="},
		"[basic]\nak=a:b=c":                                            {"ak": "a:b=c"},
		"[basic]\niam_endpoint=https://iam.example.com:80":             {"iam_endpoint": "https://iam.example.com:80"},
		"[basic]\nid_token_file = C:\\run\\token":                      {"id_token_file": `C:\run\token`},
		"# a=b\n; c=d\n\n[basic]\n  # e\nak=AK\n;sk=no":                {"ak": "AK"},
		"ak=before\n[global]\nak=other\n[basic]\nak=AK\n[x]\nsk=other": {"ak": "AK"},
		"[basic]\nak=AK\n[global]\nak=other\n[basic]\nsk=SK":           {"ak": "AK", "sk": "SK"},
		"[Basic]\nak=AK":                                               {},
		"[basic.a]\nak=AK":                                             {},
		"[basic]\nAK=AK\nSk=SK":                                        {},
		"[basic]\ndomain_id='x' # y\nz=\"%":                            {},
		"[basic]\nunknown=1\nunknown=2":                                {},
		"[global]\nname='x' # %(a)s":                                   {},
		"[basic]\nak=\nsk=":                                            {"ak": "", "sk": ""},
		"":                                                             {},

		"[basic]\nak":                       nil,
		"[basic]\n=AK":                      nil,
		"[other]\nnothing here":             nil,
		"nothing here":                      nil,
		"[basic":                            nil,
		"[]\nak=AK":                         nil,
		"[ basic ]\nak=AK":                  nil,
		"[basic] ak=AK":                     nil,
		"[basic]]\nak=AK":                   nil,
		"[basic] # a comment":               nil,
		"[basic]\rak=AK\rsk=SK":             nil,
		"\xff\xfe[\x00b\x00a\x00s\x00":      nil,
		"[basic]\nak=AK\n# caf\xe9":         nil,
		"[basic]\nak=AK\nak=AK2":            nil,
		"[basic]\nak=\nak=AK":               nil,
		"[basic]\nak=AK\n[basic]\nak=AK":    nil,
		"[basic]\nak=\"AK\"":                nil,
		"[basic]\nak='AK'":                  nil,
		"[basic]\nak=`AK`":                  nil,
		"[basic]\nak=\"\"\"AK\"\"\"":        nil,
		"[basic]\nak=A`K":                   nil,
		"[basic]\nak=A'K":                   nil,
		"[basic]\nak=AK # comment":          nil,
		"[basic]\nak=AK;comment":            nil,
		"[basic]\nak=A#K":                   nil,
		"[basic]\nak=%(sk)s":                nil,
		"[basic]\nak=AK\\\nsk=SK":           nil,
		"[basic]\n\"ak\"=AK":                nil,
		"[basic]\n`ak`=AK":                  nil,
		"[basic]\nother=x\\\nak=AK":         nil,
		"[basic]\nother=`x\nak=AK\n`":       nil,
		"[other]\nx=y\\\n[basic]\nak=AK":    nil,
		"x=\"\"\"y\n[basic]\nak=AK\n\"\"\"": nil,
		"[other]\n`a=b`=`\n[basic]\nak=AK":  nil,
	} {
		got, err := parseProfile(strings.TrimPrefix(content, "\ufeff")) // as it is read
		if want == nil {
			assert.Error(t, err, "%q", content)
			continue
		}
		assert.NoError(t, err, "%q", content)
		assert.Equal(t, want, got, "%q", content)
	}
}

func TestFaultOfAProfileShowsNoneOfItsContent(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"hunter2", "hunter2==\nhunter2==", "[hunter2", "[ hunter2 ]", "ak=hunter2 # hunter2", "sk='hunter2'",
		"hunter2='hunter2\\", "`hunter2`=x", "sk=hunter2\nsk=hunter2",
		"security_token=hunter2\\", "iam_endpoint=https://hunter2@x\nak=a\nsk=b",
	} {
		_, faults := parse(withoutCredentials(), "--credentials-file", tempFile(t, "[basic]\n"+line+"\n"))
		assert.NotEmpty(t, faults, line)
		assert.NotContains(t, strings.Join(faults, "\n"), "hunter2")
	}
}

func FuzzProfile(f *testing.F) {
	for _, seed := range []string{
		"[basic]\nak = AK\nsk = SK\n", "\ufeff[basic]\r\nak:AK\r\n", "[basic]\nak='AK' # c\n",
		"[basic]\nak=A\\\nsk=B", "[x]\na=`b\n[basic]\nak=AK", "[basic]\n\"ak\"=\"\"\"A", "=", "[", "]",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		basic, err := parseProfile(content)
		if err != nil {
			if basic != nil {
				t.Errorf("an error and keys: %q", basic)
			}
			return
		}
		for key, value := range basic {
			if !slices.ContainsFunc(profileKeys, func(known [2]string) bool { return known[1] == key }) {
				t.Errorf("key %q", key)
			}
			isTrimmed := strings.TrimFunc(value, unicode.IsSpace) == value
			if strings.ContainsAny(value, "\"'`#;%\n") || strings.HasSuffix(value, `\`) || !isTrimmed {
				t.Errorf("%s is %q", key, value)
			}
			if !strings.Contains(content, value) {
				t.Errorf("%s is %q, which is not in the profile", key, value)
			}
		}
		// The line endings do not matter.
		if crlf, err := parseProfile(strings.ReplaceAll(content, "\n", "\r\n")); err != nil || !maps.Equal(crlf,
			basic) {
			t.Errorf("with CRLF: %q, %v", crlf, err)
		}
	})
}
