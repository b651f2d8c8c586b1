package simulator

import (
	"net/http"
	"strings"
)

// Sign adds the Authorization that the simulator itself would ask for: that it is right is what the vectors show.
func Sign(r *http.Request, accessKey, secret, names string) error {
	canonical, err := canonicalRequest(r, nil, strings.Split(names, ";"))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "SDK-HMAC-SHA256 Access="+accessKey+", SignedHeaders="+names+
		", Signature="+sign(canonical, r.Header.Get("X-Sdk-Date"), secret))
	return nil
}
