package main

import (
	"context"
	"fmt"
	"net/http"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/credential"
	"github.com/dmswait/dmswait/internal/report"
)

// session is who we are, for all requests of a run.
type session struct {
	*credential.Transport
	iam       credential.IAM // logged in by the same credentials
	projectID string         // empty until it is known
	name      string         // the project's, to look it up by
}

// newSession composes the way to log in that the config names. It sends nothing yet.
func (w *wait) newSession(metadataAddress string) *session {
	cfg, login := w.cfg, w.cfg.Login
	base := w.open(client.NewTransport(cfg.RequestTimeout))
	exchange := credential.Exchange{Transport: base, UserAgent: userAgent(), Timeout: cfg.RequestTimeout, Learned: w.hider.Add}
	iam := credential.IAM{Exchange: exchange, Endpoints: cfg.IAMEndpoints()}
	transport := &credential.Transport{Base: base, Learned: w.hider.Add, ClockCorrected: w.clockCorrected}

	switch login.Way {
	case config.ByKeys:
		transport.Credentials.Keys = credential.Keys{AccessKey: login.AccessKey, SecretKey: login.SecretKey, SecurityToken: login.SecurityToken}
	case config.ByToken:
		transport.Credentials.Token = login.AuthToken
	case config.ByAgency:
		transport.Login = credential.Agency{
			Exchange: exchange, Endpoint: cfg.STS(),
			ProviderURN: login.ProviderURN, AgencyURN: login.AgencyURN, IDToken: w.idToken(exchange),
		}.Login
	case config.ByIdentityProvider:
		transport.Login = credential.IdentityProvider{IAM: iam, ID: login.IDPID, IDToken: w.idToken(exchange)}.Login
	case config.ByPassword:
		transport.Login = credential.Password{
			IAM: iam, Username: login.Username, Password: login.Password, Domain: login.DomainName,
			ProjectID: cfg.ProjectID, ProjectName: cfg.ProjectName,
		}.Login
	case config.ByECS:
		transport.Login = credential.NewMetadata(metadataAddress, userAgent(), w.open, w.hider.Add).Login
	}
	iam.Transport = transport
	return &session{Transport: transport, iam: iam, projectID: cfg.ProjectID, name: cfg.ProjectName}
}

// open keeps a transport until close, and has the log tell of each request that goes through it, if it is asked to.
func (w *wait) open(base *http.Transport) http.RoundTripper {
	w.transports = append(w.transports, base)
	if !w.cfg.Debug {
		return base
	}
	return &client.Tracer{Base: base, Tell: w.log.Request}
}

// close ends the connections that are kept alive.
func (w *wait) close() {
	for _, transport := range w.transports {
		transport.CloseIdleConnections()
	}
}

// idToken composes where ID tokens are from. Each one is masked and hidden when it comes.
func (w *wait) idToken(exchange credential.Exchange) credential.IDToken {
	login := w.cfg.Login
	var get credential.IDToken
	switch {
	case login.IDTokenFile != "":
		get = credential.FileToken(login.IDTokenFile)
	case login.IDToken != "":
		get = credential.GivenToken(login.IDToken)
	default:
		get = credential.ActionsToken{Exchange: exchange, RequestURL: login.ActionsURL, RequestToken: login.ActionsRequestToken, Audience: login.Audience}.Get
	}
	return func(ctx context.Context) (string, error) {
		token, err := get(ctx)
		if err == nil {
			w.mask(token)
			w.hider.Add(token)
		}
		return token, err
	}
}

// ready logs in and finds out the project, as far as that is still to be done.
func (s *session) ready(ctx context.Context) error {
	creds, err := s.Get(ctx)
	if err != nil {
		return err
	}
	if s.projectID == "" {
		s.projectID = creds.ProjectID
	}
	if s.projectID == "" {
		s.projectID, err = s.iam.Project(ctx, s.name)
	}
	return err
}

// loginKinds are the ways to log in as the report knows them.
var loginKinds = map[config.Way]report.LoginKind{
	config.ByKeys: report.AsKeys, config.ByToken: report.AsToken, config.ByAgency: report.AsAgency,
	config.ByIdentityProvider: report.AsProvider, config.ByPassword: report.AsUser, config.ByECS: report.AsECS,
}

// identity tells people who we are, and where that is from.
func identity(login config.Login) string {
	switch login.Way {
	case config.ByKeys:
		kind := "access key"
		if login.SecurityToken != "" {
			kind = "temporary access key"
		}
		return fmt.Sprintf("%s …%s from %s", kind, login.AccessKey[max(0, len(login.AccessKey)-4):], login.From)
	case config.ByToken:
		return "an auth token from " + login.From
	case config.ByAgency:
		return fmt.Sprintf("an ID token for agency %s (from %s)", login.AgencyURN, login.From)
	case config.ByIdentityProvider:
		return fmt.Sprintf("an ID token for identity provider %s (from %s)", login.IDPID, login.From)
	case config.ByPassword:
		return fmt.Sprintf("user %s of %s (from %s)", login.Username, login.DomainName, login.From)
	}
	return "the agency of this ECS (from " + login.From + ")"
}
