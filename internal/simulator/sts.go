package simulator

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// DefaultAudience is the default for Audience of an [Agency].
const DefaultAudience = "sts.huaweicloud.com"

// Agency is a trust agency, with the OIDC provider whose ID tokens it accepts.
type Agency struct {
	ProviderURN string // iam::<account>:oidcProvider:<name>
	AgencyURN   string // iam::<account>:agency:<name>
	Audience    string // required in ID tokens; if empty, DefaultAudience
	Subject     string // required in ID tokens; if empty, any
}

// The documented limits of duration_seconds and agency_session_name.
const (
	minSession, maxSession, defaultSession = 900, 43200, 3600
	minSessionName, maxSessionName         = 2, 128
)

// These codes are undocumented: everything but their prefix is a guess.
const (
	stsMalformed = "STS5.1002"
	stsNotFound  = "STS5.1004"
	stsBadToken  = "STS5.1005"
)

// stsRoutes returns the APIs of Security Token Service. They need no login other than the ID token.
func stsRoutes() []route {
	return []route{
		{kind: "assume", method: http.MethodPost, path: "/v5/agencies/assume-with-oidc", handle: (*Server).assume},
	}
}

// assume issues temporary keys of an agency. Errors of STS are undocumented. As a guess, a malformed request
// is 400, an unknown combination of provider and agency 404, and an invalid ID token 401.
func (s *Server) assume(c *call) *Response {
	d, err := c.document()
	if err != nil {
		return Fault(http.StatusBadRequest, stsMalformed, err.Error())
	}
	seconds, err := checkAssume(d)
	if err != nil {
		return Fault(http.StatusBadRequest, stsMalformed, err.Error())
	}
	i := slices.IndexFunc(s.cloud.Agencies, func(a Agency) bool {
		return a.ProviderURN == d.text("provider_urn") && a.AgencyURN == d.text("agency_urn")
	})
	if i < 0 {
		return Fault(http.StatusNotFound, stsNotFound,
			"no such resource: "+d.text("agency_urn")+" with "+d.text("provider_urn"))
	}
	agency := s.cloud.Agencies[i]
	claims, err := s.verifyIDToken(d.text("id_token"), c.now)
	if err == nil && claims.Audience != cmp.Or(agency.Audience, DefaultAudience) {
		err = fmt.Errorf("id token is for audience %q", claims.Audience)
	}
	if err == nil && agency.Subject != "" && claims.Subject != agency.Subject {
		err = fmt.Errorf("the trust policy does not allow subject %q", claims.Subject)
	}
	if err != nil {
		return Fault(http.StatusUnauthorized, stsBadToken, err.Error())
	}
	key := s.issueKeys(s.expiry(c.now, time.Duration(seconds)*time.Second))
	return jsonResponse(agency.assumed(key, d.text("agency_session_name"), claims))
}

// checkAssume validates the request, and returns the requested lifetime.
func checkAssume(d document) (seconds int, err error) {
	for _, required := range []string{"provider_urn", "agency_urn", "agency_session_name", "id_token"} {
		if d.text(required) == "" {
			return 0, fmt.Errorf("%s is missing", required)
		}
	}
	if n := utf8.RuneCountInString(d.text("agency_session_name")); n < minSessionName || n > maxSessionName {
		return 0, fmt.Errorf("agency_session_name must have %d to %d characters", minSessionName, maxSessionName)
	}
	return d.integer(minSession, maxSession, defaultSession, "duration_seconds")
}

type (
	assumeJSON struct {
		Agency      assumedAgencyJSON `json:"assumed_agency"`
		Audience    string            `json:"audience"`
		Credentials stsKeysJSON       `json:"credentials"`
		Provider    string            `json:"provider"`
		Subject     string            `json:"subject_from_id_token"`
	}
	assumedAgencyJSON struct {
		ID  string `json:"id"`
		URN string `json:"urn"`
	}
	stsKeysJSON struct {
		AccessKeyID     string `json:"access_key_id"`
		SecretAccessKey string `json:"secret_access_key"`
		SecurityToken   string `json:"security_token"`
		Expiration      string `json:"expiration"`
	}
)

func (a Agency) assumed(key accessKey, session string, claims claims) assumeJSON {
	urn := strings.NewReplacer("iam::", "sts::", ":agency:", ":assumed-agency:").Replace(a.AgencyURN) +
		"/" + session
	return assumeJSON{
		Agency:      assumedAgencyJSON{ID: newNamed(a.AgencyURN).ID + ":" + session, URN: urn},
		Audience:    claims.Audience,
		Credentials: stsKeysJSON{key.access, key.secret, key.securityToken, formatTime(key.expires)},
		Provider:    a.ProviderURN,
		Subject:     claims.Subject,
	}
}
