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
			if in.Name == "password" && !strings.ContainsAny(secret, "\n\x00") {
				continue // valid
			}
			for _, environment := range []vars{
				{in.Env(): secret},
				{in.Env() + "_FILE": tempFile(t, secret)},
				inActions(t).with(vars{"INPUT_" + strings.ToUpper(in.Name): secret}),
			} {
				c, faults := parse(environment.with(partner(in.Name)))
				assert.Equal(t, []string{trimNewline(secret)}, c.Secrets())
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
