package credential

import "context"

// accessKey signs with a given access key, permanent or temporary.
var accessKey = &Method{
	Inputs:   []string{"access_key", "secret_key", "security_token"},
	Required: []string{"access_key", "secret_key"},
	New: func(s Setup) Login {
		return givenKeys{s.Values["access_key"], s.Values["secret_key"], s.Values["security_token"]}
	},
}

type givenKeys Keys

func (k givenKeys) Get(context.Context) (Credentials, error) { return Credentials{Keys: Keys(k)}, nil }

func (k givenKeys) String() string {
	kind := "access key"
	if k.SecurityToken != "" {
		kind = "temporary access key"
	}
	return kind + " …" + k.AccessKey[max(0, len(k.AccessKey)-4):]
}

func (k givenKeys) Hint() string {
	return "check that access_key and secret_key belong together and are active; temporary keys expire, and need their " +
		"security_token. Do not retry wrong keys: more than 5 failures in a row lock an access key for 5 minutes"
}
