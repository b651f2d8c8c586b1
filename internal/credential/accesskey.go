package credential

import "context"

// accessKey signs with a given access key, permanent or temporary.
var accessKey = &Method{
	Inputs:   []string{"access_key", "secret_key", "security_token"},
	Required: []string{"access_key", "secret_key"},
	Describe: func(values map[string]string) string {
		kind, key := "access key", values["access_key"]
		if values["security_token"] != "" {
			kind = "temporary access key"
		}
		return kind + " …" + key[max(0, len(key)-4):]
	},
	Hint: "check that access_key and secret_key belong together and are active; temporary keys expire, and need " +
		"their security_token. Do not retry wrong keys: more than 5 failures in a row lock an access key for 5 minutes",
	New: func(s *Setup) Login {
		keys := Keys{s.Values["access_key"], s.Values["secret_key"], s.Values["security_token"]}
		return func(context.Context) (Credentials, error) { return Credentials{Keys: keys}, nil }
	},
}
