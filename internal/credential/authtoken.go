package credential

import "context"

// authToken sends a given IAM token.
var authToken = &Method{
	Inputs:   []string{"auth_token"},
	Required: []string{"auth_token"},
	Describe: func(map[string]string) string { return "an IAM token" },
	Hint:     "the token is invalid, expired (after 24 hours at most) or from another region: get a new one",
	New: func(s *Setup) Login {
		token := s.Values["auth_token"]
		return func(context.Context) (Credentials, error) { return Credentials{Token: token}, nil }
	},
}
