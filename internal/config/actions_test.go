package config

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestRunnersTokenIsOnlySentEncrypted(t *testing.T) {
	t.Parallel()
	const fault = "ACTIONS_ID_TOKEN_REQUEST_URL is not an https URL: leave it as the runner of GitHub Actions " +
		"sets it"
	logins := []vars{{"DMSWAIT_PROVIDER_URN": "p", "DMSWAIT_AGENCY_URN": "a"}, {"DMSWAIT_IDP_ID": "x"}}
	for value, ok := range map[string]bool{
		"https://vstoken.actions.githubusercontent.com/.apis/x//idtoken/y?api-version=2.0": true,
		"https://ghes.example.com:8443/_services/token?a=b":                                true,
		"HTTPS://ghes.example.com":                                                         true,
		"http://127.0.0.1:8080/idtoken?a=b":                                                true,
		"http://[::1]:8080/idtoken":                                                        true,
		"http://localhost/idtoken":                                                         true,
		"http://s3cret.example.com/idtoken":                                                false,
		"HTTP://s3cret.example.com":                                                        false,
		"http://127.0.0.1.s3cret.example.com/":                                             false,
		"http://127.0.0.1@s3cret.example.com/":                                             false,
		"http://[::1%25s3cret]/":                                                           false,
		"http://169.254.169.254/s3cret":                                                    false,
		"htps://s3cret.example.com":                                                        false,
		"ftp://s3cret.example.com":                                                         false,
		"s3cret.example.com/idtoken":                                                       false,
		"//s3cret.example.com/":                                                            false,
		"https:s3cret":                                                                     false,
		"https:///s3cret":                                                                  false,
		"https://:443/s3cret":                                                              false,
		"https://example.com:0/s3cret":                                                     false,
		"https://example.com:99999/s3cret":                                                 false,
		"https://example.com:s3cret/":                                                      false,
		" https://s3cret.example.com/":                                                     false,
		"https://example.com/\ns3cret":                                                     false,
		"\x00s3cret":                                                                       false,
	} {
		for _, login := range logins {
			given := vars{"ACTIONS_ID_TOKEN_REQUEST_URL": value, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "runnersToken"}
			c, faults := parse(withoutCredentials().with(login).with(given))
			if ok {
				assert.Empty(t, faults, value)
				assert.Equal(t, value, c.Login.IDToken.ActionsURL)
			} else {
				assert.Equal(t, []string{fault}, faults, value)
			}
			assert.Equal(t, []string{"runnersToken"}, c.Secrets(), "masked in either case")
		}
		_, faults := parse(withoutCredentials().with(vars{"DMSWAIT_AUTH_TOKEN": "t",
			"ACTIONS_ID_TOKEN_REQUEST_URL": value, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "x"}))
		assert.Empty(t, faults, "no ID token is requested")
	}
}
