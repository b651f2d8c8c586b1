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

// DefaultAudience is the audience of an [Agency] that names none.
const DefaultAudience = "sts.huaweicloud.com"

// Agency is a trust agency, and the OIDC provider whose ID tokens it takes.
type Agency struct {
	ProviderURN string // iam::<account>:oidcProvider:<name>
	AgencyURN   string // iam::<account>:agency:<name>
	Audience    string // the one that an ID token must be for; empty: DefaultAudience
}

// What STS documents of duration_seconds and agency_session_name.
const (
	minSession, maxSession, defaultSession = 900, 43200, 3600
	minSessionName, maxSessionName         = 2, 128
)

// No source gives the codes of STS for these cases: but for their prefix they are made up.
const (
	stsMalformed = "STS5.1002"
	stsNotFound  = "STS5.1004"
	stsBadToken  = "STS5.1005"
)

// stsRoutes are the APIs of Security Token Service. Nothing is signed there: who asks is known by the ID token.
func stsRoutes() []route {
	return []route{
		{kind: "assume", method: http.MethodPost, path: "/v5/agencies/assume-with-oidc", answer: (*Server).assume},
	}
}

// assume issues the keys of an agency. No source says how STS refuses: here what is malformed is 400, a provider and
// agency that are not there together 404, an ID token that is expired, for another audience or not genuine 401.
func (s *Server) assume(c *call) *Answer {
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
		return Fault(http.StatusNotFound, stsNotFound, "no such resource: "+d.text("agency_urn")+" with "+d.text("provider_urn"))
	}
	agency := s.cloud.Agencies[i]
	said, err := s.checkIDToken(d.text("id_token"), c.now)
	if err == nil && said.Audience != cmp.Or(agency.Audience, DefaultAudience) {
		err = fmt.Errorf("id token is for audience %q", said.Audience)
	}
	if err != nil {
		return Fault(http.StatusUnauthorized, stsBadToken, err.Error())
	}
	key := s.issueKeys(s.expiry(c.now, time.Duration(seconds)*time.Second))
	return answerJSON(agency.assumed(key, d.text("agency_session_name"), said))
}

// checkAssume looks at the request alone, and returns how long the session shall last.
func checkAssume(d document) (seconds int, err error) {
	for _, required := range []string{"provider_urn", "agency_urn", "agency_session_name", "id_token"} {
		if d.text(required) == "" {
			return 0, fmt.Errorf("%s is missing", required)
		}
	}
	if n := utf8.RuneCountInString(d.text("agency_session_name")); n < minSessionName || n > maxSessionName {
		return 0, fmt.Errorf("agency_session_name must have %d to %d characters", minSessionName, maxSessionName)
	}
	return d.number(minSession, maxSession, defaultSession, "duration_seconds")
}

type (
	assumeAnswer struct {
		Agency      assumedAgency  `json:"assumed_agency"`
		Audience    string         `json:"audience"`
		Credentials stsCredentials `json:"credentials"`
		Provider    string         `json:"provider"`
		Subject     string         `json:"subject_from_id_token"`
	}
	assumedAgency struct {
		ID  string `json:"id"`
		URN string `json:"urn"`
	}
	stsCredentials struct {
		AccessKeyID     string `json:"access_key_id"`
		SecretAccessKey string `json:"secret_access_key"`
		SecurityToken   string `json:"security_token"`
		Expiration      string `json:"expiration"`
	}
)

func (a Agency) assumed(key accessKey, session string, said claims) assumeAnswer {
	urn := strings.NewReplacer("iam::", "sts::", ":agency:", ":assumed-agency:").Replace(a.AgencyURN) + "/" + session
	return assumeAnswer{
		Agency:      assumedAgency{ID: reference(a.AgencyURN).ID + ":" + session, URN: urn},
		Audience:    said.Audience,
		Credentials: stsCredentials{key.access, key.secret, key.securityToken, timestamp(key.expires)},
		Provider:    a.ProviderURN,
		Subject:     said.Subject,
	}
}
