package simulator

import (
	"net/http"
	"strings"
)

// Sign adds the Authorization header that the simulator expects. The vectors prove that it is correct.
func Sign(r *http.Request, accessKey, secret, names string) error {
	canonical, err := canonicalRequest(r, nil, strings.Split(names, ";"))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "SDK-HMAC-SHA256 Access="+accessKey+", SignedHeaders="+names+
		", Signature="+sign(canonical, r.Header.Get("X-Sdk-Date"), secret))
	return nil
}
