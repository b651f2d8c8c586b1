package credential

import (
	"context"
	"net/http"
)

// podIdentity takes the temporary keys that CCE gives to pods of a service account.
var podIdentity = &Method{
	Inputs:   []string{"pod_identity"},
	Required: []string{"pod_identity"},
	Describe: func(map[string]string) string { return "the pod identity of this pod" },
	Hint:     unusable,
	New: func(s *Setup) Login {
		return (&PodIdentity{Exchange: s.direct(s.Exchange.Timeout), URI: s.PodIdentityURI, Token: s.PodToken}).Get
	},
}

// PodIdentity gets the temporary keys of the agency that is associated with the service account of the pod that the
// program runs in, from the agent of its node.
type PodIdentity struct {
	Exchange Exchange // must not use a proxy
	URI      string   // of the agent: plain http, so it must not leave this machine
	Token    IDToken  // of the service account
}

// Get gets new keys.
func (p *PodIdentity) Get(ctx context.Context) (Credentials, error) {
	token, err := p.Token(ctx)
	if err != nil {
		return Credentials{}, err
	}
	r, err := p.Exchange.send(ctx, &call{
		service: "the pod identity agent",
		op:      "get keys from the pod identity agent",
		method:  http.MethodPost,
		url:     p.URI,
		header:  http.Header{"Authorization": {token}},
		body:    map[string]any{},
	})
	if err != nil {
		return Credentials{}, withHint(err, "check in the CCE console that the pod's service account is associated "+
			"with an agency")
	}
	return temporary(r, "credentials", "accesskeyid", "secretaccesskey", "securitytoken", "expiration")
}
