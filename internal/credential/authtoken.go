package credential

import "context"

// authToken sends a given IAM token.
var authToken = &Method{
	Inputs:   []string{"auth_token"},
	Required: []string{"auth_token"},
	New:      func(s Setup) Login { return givenToken(s.Values["auth_token"]) },
}

type givenToken string

func (t givenToken) Get(context.Context) (Credentials, error) {
	return Credentials{Token: string(t)}, nil
}

func (t givenToken) String() string { return "an IAM token" }

func (t givenToken) Hint() string {
	return "the token is invalid, expired (after 24 hours at most) or from another region: get a new one"
}
