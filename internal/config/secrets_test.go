package config

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSecretHasNoFlag(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	for _, in := range Inputs() {
		if !in.Secret {
			continue
		}
		flag := in.Flag()
		for _, args := range [][]string{
			{"--" + flag, secret}, {"--" + flag + "=" + secret},
			{"-" + flag, secret}, {"-" + flag + "=" + secret},
			{"---" + flag, secret}, {"---" + flag + "=" + secret},
			{"--" + in.Name, secret}, {"--" + in.Name + "=" + secret}, {"-" + in.Name + "=" + secret},
			{"--" + strings.ToUpper(flag) + "=" + secret},
			{"--" + flag, "two", secret}, {"--" + flag + "=two", secret},
			{"--" + flag, "-" + secret}, {"--" + flag, "--" + secret},
		} {
			c, faults := parse(complete(), args...)
			assert.Contains(t, faults, in.Name+" has no flag, because command lines are public: "+
				"set "+in.Env()+" or "+in.Env()+"_FILE", "%q", args)
			assert.NotContains(t, strings.Join(faults, "\n"), secret, "%q", args)
			assert.NotContains(t, []string{c.Login.Values["secret_key"], c.Login.Values["security_token"],
				c.Login.Values["auth_token"], c.Login.IDToken.Value, c.Login.Values["password"]}, secret)
		}
	}
}

func TestSecretIsReadFromAFile(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ content, want, fault string }{
		"as it is":                    {content: "s3cret", want: "s3cret"},
		"one newline is cut":          {content: "s3cret\n", want: "s3cret"},
		"one newline of Windows, too": {content: "s3cret\r\n", want: "s3cret"},
		"two newlines are not":        {content: "s3cret\n\n", fault: "line break"},
		"nor is a blank":              {content: "s3cret \n", fault: "blank"},
		"nor one at its beginning":    {content: " s3cret", fault: "blank"},
		"nothing but a newline":       {content: "\n", fault: "is empty"},
		"empty":                       {content: "", fault: "is empty"},
		"longer than any secret":      {content: strings.Repeat("s", 1<<20+1), fault: "is larger than 1 MiB"},
		"as long as any, with newline": {content: strings.Repeat("s", 1<<20-1) + "\n",
			want: strings.Repeat("s", 1<<20-1)},
	} {
		c, faults := parse(complete().with(vars{"DMSWAIT_SECRET_KEY": "",
			"DMSWAIT_SECRET_KEY_FILE": tempFile(t, test.content)}))
		faults = faultsOf(faults, "secret_key")
		assert.Equal(t, test.want, c.Login.Values["secret_key"], name)
		if test.fault == "" {
			assert.Empty(t, faults, name)
			assert.Equal(t, []string{test.want}, c.Secrets(), name)
			continue
		}
		if assert.Len(t, faults, 1, name) {
			assert.Contains(t, faults[0], test.fault, name)
			assert.True(t, strings.HasSuffix(faults[0], "(from DMSWAIT_SECRET_KEY_FILE)"), faults[0])
		}
	}
}

func TestFaultOfASecretsFileDoesNotShowItsPath(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	missing := filepath.Join(folder, "missing")
	for path, want := range map[string]string{
		missing: "secret_key cannot be read from its file: " + refusal(t, missing) + " (from DMSWAIT_SECRET_KEY_FILE)",
		folder:  "secret_key cannot be read from its file: " + refusal(t, folder) + " (from DMSWAIT_SECRET_KEY_FILE)",
		"the-secret-itself": "secret_key cannot be read from its file: " + refusal(t, "the-secret-itself") +
			" (from DMSWAIT_SECRET_KEY_FILE)",
	} {
		_, faults := parse(complete().with(vars{"DMSWAIT_SECRET_KEY": "", "DMSWAIT_SECRET_KEY_FILE": path}))
		assert.Equal(t, []string{want}, faults)
	}
}

func TestSecretAndItsFileTogetherAreAFault(t *testing.T) {
	t.Parallel()
	both := vars{"DMSWAIT_SECRET_KEY": "s3cret", "DMSWAIT_SECRET_KEY_FILE": tempFile(t, "other")}
	c, faults := parse(complete().with(both))
	assert.Equal(t, []string{"secret_key is given twice: set either DMSWAIT_SECRET_KEY or " +
		"DMSWAIT_SECRET_KEY_FILE (from DMSWAIT_SECRET_KEY)"}, faults)
	assert.Equal(t, []string{"s3cret"}, c.Secrets(), "masked nevertheless")

	c, faults = parse(complete().with(both).with(vars{"DMSWAIT_SECRET_KEY": "\n"}))
	assert.Empty(t, faults, "an empty one counts as unset")
	assert.Equal(t, "other", c.Login.Values["secret_key"])
}

func TestSecretsFileHasTheLowestPrecedence(t *testing.T) {
	t.Parallel()
	path := tempFile(t, "filed")
	c, faults := parse(complete().with(inActions(t)).with(vars{"INPUT_SECRET_KEY": "input",
		"DMSWAIT_SECRET_KEY": "", "DMSWAIT_SECRET_KEY_FILE": path}))
	assert.Empty(t, faults)
	assert.Equal(t, "input", c.Login.Values["secret_key"])
	_, faults = parse(complete().with(inActions(t)).with(vars{"INPUT_SECRET_KEY_FILE": path,
		"DMSWAIT_SECRET_KEY": ""}))
	assert.Len(t, faultsOf(faults, "secret_key"), 1, "only DMSWAIT_ variables name files")
	_, faults = parse(complete().with(vars{"DMSWAIT_ACCESS_KEY": "", "DMSWAIT_ACCESS_KEY_FILE": path}))
	assert.Len(t, faultsOf(faults, "access_key"), 1, "and only of secrets")
}

func TestInvalidSecretIsMaskedAndInNoFault(t *testing.T) {
	t.Parallel()
	for _, in := range Inputs() {
		if !in.Secret {
			continue
		}
		for _, secret := range []string{"top secret", "top\nsecret", "\"topsecret\" ", "töpsecret",
			"topsecret\x00", "topsecret\n\n"} {
			if in.Name == "password" && !strings.ContainsAny(secret, "\n\x00") ||
				in.Name == "id_token" && secret == "topsecret\n\n" {
				continue // valid
			}
			for _, environment := range []vars{
				{in.Env(): secret},
				{in.Env() + "_FILE": tempFile(t, secret)},
				inActions(t).with(vars{"INPUT_" + strings.ToUpper(in.Name): secret}),
			} {
				c, faults := parse(environment.with(partner(in.Name)))
				assert.Equal(t, []string{trim(&in, secret)}, c.Secrets())
				assert.Len(t, faultsOf(faults, in.Name), 1)
				told := strings.Join(faults, "\n")
				assert.NotContains(t, told, "secret\"", told)
				for _, part := range []string{"top", "töp", secret} {
					assert.NotContains(t, told, part)
				}
			}
		}
	}
}

func TestOnlySecretInputsAreMasked(t *testing.T) {
	t.Parallel()
	c, _ := parse(complete().with(vars{"DMSWAIT_SECURITY_TOKEN": "ST", "DMSWAIT_AUTH_TOKEN": "AT"}))
	assert.Equal(t, []string{"SK", "ST", "AT"}, c.Secrets())
	var secret []string
	for _, in := range Inputs() {
		if in.Secret {
			secret = append(secret, in.Name)
		}
	}
	assert.Equal(t, []string{"id_token", "secret_key", "security_token", "auth_token", "password"}, secret)
}

func TestQuotesRoundASecretAreAFault(t *testing.T) {
	t.Parallel()
	for _, input := range []string{"access_key", "secret_key", "security_token"} {
		name := "DMSWAIT_" + strings.ToUpper(input)
		_, faults := parse(complete().with(vars{name: `"hunter2"`}))
		assert.Equal(t, []string{input + " is enclosed in quotes: remove them (from " + name + ")"}, faults)
		_, faults = parse(complete().with(vars{name: `hun"ter2`}))
		assert.Equal(t, []string{input + " contains a quote, which no key, token or URN has: give the value alone " +
			"(from " + name + ")"}, faults)
	}
	_, faults := parse(withoutCredentials().with(vars{"HW_ACCESS_KEY": "AK", "HW_SECRET_KEY": "'hunter2'"}))
	assert.Equal(t, []string{"HW_SECRET_KEY is enclosed in quotes: remove them"}, faults)
	_, faults = parse(withoutCredentials().with(vars{"DMSWAIT_PROVIDER_URN": "'iam::a:oidcProvider:b'",
		"DMSWAIT_AGENCY_URN": "iam::a:agency:b", "DMSWAIT_ID_TOKEN": "ey.J"}))
	assert.Equal(t, []string{"provider_urn is enclosed in quotes: remove them (from DMSWAIT_PROVIDER_URN)"}, faults)
}

func TestPasswordMayContainBlanksAndQuotes(t *testing.T) {
	t.Parallel()
	user := withoutCredentials().with(vars{"DMSWAIT_USERNAME": "u", "DMSWAIT_DOMAIN_NAME": "d"})
	for _, valid := range []string{`a"b`, `'ab`, `ab"`, " a b ", `"`, "pä55", "日本"} {
		c, faults := parse(user.with(vars{"DMSWAIT_PASSWORD": valid}))
		assert.Empty(t, faults, valid)
		assert.Equal(t, valid, c.Login.Values["password"])
	}
	for invalid, problem := range map[string]string{
		`"hunter2"`: "password is enclosed in quotes: remove them, or name a file with the password in " +
			"DMSWAIT_PASSWORD_FILE, where quotes are part of it",
		"hunter\xe42":   "password is not UTF-8",
		"\ufeffhunter2": "password contains a line break or another control character",
	} {
		_, faults := parse(user.with(vars{"DMSWAIT_PASSWORD": invalid}))
		assert.Equal(t, []string{problem + " (from DMSWAIT_PASSWORD)"}, faults)
	}
	c, faults := parse(user.with(vars{"DMSWAIT_PASSWORD_FILE": tempFile(t, "\ufeff\"hunter2\"\n")}))
	assert.Empty(t, faults)
	assert.Equal(t, `"hunter2"`, c.Login.Values["password"], "in a file, quotes are part of it; the mark is not")
}
