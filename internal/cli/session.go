package cli

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/dmswait/dmswait/internal/client"
	"github.com/dmswait/dmswait/internal/config"
	"github.com/dmswait/dmswait/internal/console"
	"github.com/dmswait/dmswait/internal/credential"
	"github.com/dmswait/dmswait/internal/result"
)

// session is the connection to the cloud that all requests of a run share: transports, login and project.
type session struct {
	cfg        *config.Config
	transport  *credential.Transport
	iam        credential.IAM // authenticated by the same credentials
	projectID  string         // empty until it is known
	transports []*http.Transport
	trace      func(*client.Trace) // nil: requests are not traced
}

// newSession composes the login method that the inputs select. It sends nothing yet.
func (w *wait) newSession(metadataAddress string) *session {
	s := &session{cfg: w.cfg, projectID: w.cfg.ProjectID}
	if w.cfg.Debug {
		s.trace = w.log.Request
	}
	base := s.wrap(client.NewTransport(w.cfg.RequestTimeout))
	exchange := credential.Exchange{
		Transport: base,
		UserAgent: userAgent(),
		Timeout:   w.cfg.RequestTimeout,
		Learned:   w.secrets.Add,
	}
	s.iam = credential.IAM{Exchange: exchange, Endpoints: w.cfg.IAMEndpoints()}
	login := w.cfg.Login.Method.New(&credential.Setup{
		Values:          w.cfg.Login.Values,
		IDToken:         w.idToken(exchange),
		Exchange:        exchange,
		IAM:             s.iam,
		STS:             w.cfg.STS(),
		ProjectID:       w.cfg.ProjectID,
		ProjectName:     w.cfg.ProjectName,
		MetadataAddress: metadataAddress,
		PodIdentityURI:  w.cfg.Login.PodIdentity.URI,
		PodToken:        w.known(credential.FileToken("pod identity token", w.cfg.Login.PodIdentity.TokenFile)),
		Wrap:            s.wrap,
	})
	s.transport = &credential.Transport{
		Base:    base,
		Login:   login,
		Learned: w.secrets.Add,
		ClockCorrected: func(behind time.Duration) {
			w.log.Changef(console.EventClock,
				"the local clock is off by %s; requests are now signed with the server's time",
				result.Human((-behind).Round(time.Minute)))
		},
		NotRenewed: func(err error) {
			w.log.Warnf(console.EventRenewal, "could not renew the credentials: %s; using the old ones until they expire",
				w.textOf(err))
		},
	}
	s.iam.Transport = s.transport
	return s
}

// textOf returns the text of an error of a login, without secrets.
func (w *wait) textOf(err error) string {
	var e *client.Error
	if errors.As(err, &e) {
		return e.Text(w.secrets.Redact)
	}
	return err.Error()
}

// wrap keeps a transport until close, and traces the requests that go through it.
func (s *session) wrap(base *http.Transport) http.RoundTripper {
	s.transports = append(s.transports, base)
	if s.trace == nil {
		return base
	}
	return &client.Tracer{Base: base, Report: s.trace}
}

// close closes the connections that are kept alive.
func (s *session) close() {
	for _, transport := range s.transports {
		transport.CloseIdleConnections()
	}
}

// logIn logs in and looks up the project, as far as that has not been done.
func (s *session) logIn(ctx context.Context) error {
	credentials, err := s.transport.Get(ctx)
	if err != nil {
		return err
	}
	if s.projectID == "" {
		s.projectID = credentials.ProjectID
	}
	if s.projectID == "" {
		s.projectID, err = s.iam.Project(ctx, s.cfg.ProjectName)
	}
	return err
}

// loggedIn logs in as far as that has not been done, and returns a client for the project.
func (s *session) loggedIn(ctx context.Context) (*client.Client, error) {
	if err := s.logIn(ctx); err != nil {
		return nil, err
	}
	return s.client(), nil
}

// client returns a client for the project, which has to be known.
func (s *session) client() *client.Client {
	return &client.Client{
		Endpoint:  s.cfg.Endpoint,
		ProjectID: s.projectID,
		UserAgent: userAgent(),
		Timeout:   s.cfg.RequestTimeout,
		Transport: s.transport,
	}
}

// progressClient returns a client that never logs in and makes no second attempt, since progress is not worth it.
func (s *session) progressClient() *client.Client {
	c := s.client()
	c.Transport = s.transport.Once()
	return c
}

// idToken returns where ID tokens come from.
func (w *wait) idToken(exchange credential.Exchange) credential.IDToken {
	source := w.cfg.Login.IDToken
	switch {
	case source.File != "":
		return w.known(credential.FileToken("ID token", source.File))
	case source.Value != "":
		return w.known(credential.GivenToken(source.Value))
	}
	return w.known((&credential.ActionsToken{
		Exchange:     exchange,
		RequestURL:   source.ActionsURL,
		RequestToken: source.ActionsRequestToken,
		Audience:     w.cfg.Login.Audience,
	}).Get)
}

// known masks and redacts each token from when it comes.
func (w *wait) known(get credential.IDToken) credential.IDToken {
	return func(ctx context.Context) (string, error) {
		token, err := get(ctx)
		if err == nil {
			w.mask(token)
			w.secrets.Add(token)
		}
		return token, err
	}
}
