package simulator_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/simulator"
)

func TestRequestsAreRecorded(t *testing.T) {
	t.Parallel()
	server := start(t, simulator.Simulator{})
	c := client(t)
	before := time.Now()
	for _, path := range []string{tasks + "?limit=1", example, example + "/progress", "/a%20b", example} {
		do(t, c, newRequest(t, t.Context(), server.URL+path, "User-Agent", "test/1"))
	}
	r := newRequest(t, t.Context(), server.URL+"/")
	r.Method, r.Body, r.Host = http.MethodPost, http.NoBody, "dms.test"
	do(t, c, r)

	all := server.Requests()
	require.Len(t, all, 6)
	for i, want := range []simulator.Request{
		{Kind: "tasks", Nth: 1, Path: tasks, RawQuery: "limit=1"},
		{Kind: "task", Nth: 1, Path: example},
		{Kind: "progress", Nth: 1, Path: example + "/progress"},
		{Kind: "other", Nth: 1, Path: "/a b"},
		{Kind: "task", Nth: 2, Path: example},
		{Kind: "other", Nth: 2, Path: "/"},
	} {
		got := all[i]
		assert.Equal(t, want, simulator.Request{Kind: got.Kind, Nth: got.Nth, Path: got.Path,
			RawQuery: got.RawQuery})
		assert.Equal(t, i+1, got.N)
		assert.Equal(t, token, got.Header.Get("X-Auth-Token"))
		assert.WithinRange(t, got.At, before, time.Now())
		assert.Contains(t, got.RemoteAddr, "127.0.0.1:")
	}
	assert.Equal(t, "test/1", all[0].Header.Get("User-Agent"))
	assert.Equal(t, http.MethodPost, all[5].Method)
	assert.Equal(t, "dms.test", all[5].Host)
	assert.Equal(t, 2, server.Count("task"))
	assert.Equal(t, 0, server.Count("token"))
	assert.Equal(t, 1, server.Connections(), "kept alive")

	all[0].Kind = "changed"
	assert.Equal(t, "tasks", server.Requests()[0].Kind)
}

func TestBodiesAreLimitedToOneMebibyte(t *testing.T) {
	t.Parallel()
	server := start(t, simulator.Simulator{})
	for size, status := range map[int]int{1 << 20: http.StatusMethodNotAllowed,
		1<<20 + 1: http.StatusRequestEntityTooLarge} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+example,
			bytes.NewReader(make([]byte, size)))
		require.NoError(t, err)
		response, _ := do(t, client(t), r)
		assert.Equal(t, status, response.StatusCode)
	}
	for _, r := range server.Requests() {
		assert.Len(t, r.Body, 1<<20)
	}
}

func TestConcurrentClientsWithMovingClock(t *testing.T) {
	t.Parallel()
	clock := &fakeClock{}
	server := start(t, simulator.Simulator{Clock: clock.Now})
	var clients sync.WaitGroup
	for i := range 10 {
		c, r := client(t), newRequest(t, t.Context(), server.URL+example)
		clients.Go(func() {
			for range 10 {
				clock.Set(time.Duration(i) * time.Minute)
				response, err := c.Do(r)
				if !assert.NoError(t, err) {
					return
				}
				_, err = io.Copy(io.Discard, response.Body)
				assert.NoError(t, err)
				assert.NoError(t, response.Body.Close())
				server.Requests()
			}
		})
	}
	clients.Wait()
	assert.Equal(t, 100, server.Count("task"))
	assert.Equal(t, 10, server.Connections())
	for i, r := range server.Requests() {
		assert.Equal(t, i+1, r.N)
	}
}

func TestChangesAfterStartHaveNoEffect(t *testing.T) {
	t.Parallel()
	s := fullCloud((&fakeClock{}).Now)
	s.Tokens, s.Tasks = []string{token}, []simulator.Task{simulator.ExampleTask}
	server := start(t, s)
	s.Tokens[0], s.Tasks[0].ID = "another", taskID
	s.Projects[0], s.Users[0], s.Agencies[0] = simulator.Project{}, simulator.User{}, simulator.Agency{}
	s.IdentityProviders[0] = ""

	_, body := get(t, server, example)
	assert.Contains(t, body, `"task_count":"1"`)
	for name, issue := range tokenIssuers {
		assert.Equal(t, http.StatusCreated, issue(t, server, simulator.DefaultProjectID).StatusCode, name)
	}
	for name, issue := range keyIssuers {
		assert.NotEmpty(t, issue(t, server).Access, name)
	}
}

func TestCloseDropsIdleConnections(t *testing.T) {
	t.Parallel()
	s := simulator.Simulator{}
	server, err := s.StartTLS("127.0.0.1:0")
	require.NoError(t, err)
	conn, err := net.Dial("tcp", server.URL[len("https://"):])
	require.NoError(t, err)
	defer conn.Close()
	require.Eventually(t, func() bool { return server.Connections() == 1 }, patience, time.Millisecond)
	require.NoError(t, server.Close())
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(patience)))
	_, err = conn.Read(make([]byte, 1))
	assert.Error(t, err)
	assert.NotErrorIs(t, err, os.ErrDeadlineExceeded)
}

func TestCloseWaitsForHandlers(t *testing.T) {
	t.Parallel()
	entered, returned := make(chan struct{}), false
	server := start(t, simulator.Simulator{Intercept: func(simulator.Request) *simulator.Response {
		close(entered)
		time.Sleep(50 * time.Millisecond)
		returned = true
		return &simulator.Response{Close: true}
	}})
	c, r := client(t), newRequest(t, t.Context(), server.URL+example)
	ended := make(chan error, 1)
	go func() {
		_, err := c.Do(r)
		ended <- err
	}()
	<-entered
	require.NoError(t, server.Close())
	assert.True(t, returned)
	assert.Error(t, <-ended)
}

func TestStartTLSFailsOnAddressInUse(t *testing.T) {
	t.Parallel()
	server := start(t, simulator.Simulator{})
	s := simulator.Simulator{}
	_, err := s.StartTLS(server.URL[len("http://"):])
	assert.ErrorIs(t, err, errInUse)
}

func TestPlainServerHasNoCAFile(t *testing.T) {
	t.Parallel()
	_, err := start(t, simulator.Simulator{}).CAFile(t.TempDir())
	assert.EqualError(t, err, "write CA file: the server has no certificate, because it serves plain HTTP")
}

// clientVia returns a client that trusts the server's CA and uses the proxy, if it is not empty.
func clientVia(t *testing.T, server *simulator.Server, proxy string) *http.Client {
	t.Helper()
	path, err := server.CAFile(t.TempDir())
	require.NoError(t, err)
	assert.Equal(t, "ca.pem", filepath.Base(path))
	ca, err := os.ReadFile(path)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(ca))

	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	if proxy != "" {
		address, err := url.Parse(proxy)
		require.NoError(t, err)
		transport.Proxy = http.ProxyURL(address)
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func TestHTTPSDirectlyAndThroughProxy(t *testing.T) {
	t.Parallel()
	s := simulator.Simulator{
		Tokens: []string{token},
		Tasks:  []simulator.Task{simulator.ExampleTask},
	}
	server, err := s.StartTLS("127.0.0.1:0", "dms.test", "iam.test")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, server.Close()) })
	address := server.URL[len("https://"):]
	proxy, err := simulator.StartProxy(map[string]string{"dms.test:443": address,
		"other.test:443": address, "down.test:443": "127.0.0.1:1"}, "user:pass")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, proxy.Close()) })
	known := "http://user:pass@" + proxy.URL[len("http://"):]

	do(t, clientVia(t, server, ""), newRequest(t, t.Context(), server.URL+example))
	c := clientVia(t, server, known)
	for range 3 {
		_, body := do(t, c, newRequest(t, t.Context(), "https://dms.test"+example))
		assert.Contains(t, body, `"task_count":"1"`)
	}
	assert.Equal(t, "dms.test", server.Requests()[1].Host)
	assert.Equal(t, 2, server.Connections(), "kept alive through the proxy too")
	assert.Equal(t, []string{"dms.test:443"}, proxy.Connects())

	for target, test := range map[string]struct{ proxy, want string }{
		"https://dms.test/1": {proxy.URL, "Proxy Authentication Required"},
		"https://dms.test/2": {"http://user:wrong@" + proxy.URL[len("http://"):],
			"Proxy Authentication Required"},
		"https://iam.test/":    {known, "Forbidden"},
		"https://down.test/":   {known, "Bad Gateway"},
		"https://other.test/":  {known, "certificate is valid for dms.test, iam.test, not other.test"},
		"https://127.0.0.1:1/": {known, "Forbidden"},
	} {
		_, err := clientVia(t, server, test.proxy).Do(newRequest(t, t.Context(), target))
		assert.ErrorContains(t, err, test.want, target)
	}
	_, err = (&http.Client{Transport: &http.Transport{}}).Do(newRequest(t, t.Context(), server.URL))
	assert.ErrorContains(t, err, "certificate signed by unknown authority")
	assert.Len(t, proxy.Connects(), 7)
}

func TestProxySupportsOnlyCONNECT(t *testing.T) {
	t.Parallel()
	proxy, err := simulator.StartProxy(nil, "")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, proxy.Close()) })
	response, _ := do(t, client(t), newRequest(t, t.Context(), proxy.URL))
	assert.Equal(t, http.StatusMethodNotAllowed, response.StatusCode)
	assert.Empty(t, proxy.Connects())
}

func TestProxyForwardsReset(t *testing.T) {
	t.Parallel()
	s := respondWith(&simulator.Response{Reset: true})
	server, err := s.StartTLS("127.0.0.1:0", "dms.test")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, server.Close()) })
	proxy, err := simulator.StartProxy(map[string]string{"dms.test:443": server.URL[len("https://"):]}, "")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, proxy.Close()) })
	_, err = clientVia(t, server, proxy.URL).Do(newRequest(t, t.Context(), "https://dms.test"+example))
	assert.ErrorIs(t, err, errReset)
}

func TestProxyCloseDropsTunnels(t *testing.T) {
	t.Parallel()
	s := respondWith(&simulator.Response{Hang: true})
	server, err := s.StartTLS("127.0.0.1:0", "dms.test")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, server.Close()) })
	proxy, err := simulator.StartProxy(map[string]string{"dms.test:443": server.URL[len("https://"):]}, "")
	require.NoError(t, err)
	c := clientVia(t, server, proxy.URL)
	r := newRequest(t, t.Context(), "https://dms.test"+example)
	ended := make(chan error, 1)
	go func() {
		_, err := c.Do(r)
		ended <- err
	}()
	require.Eventually(t, func() bool { return server.Count("task") == 1 }, patience, time.Millisecond)
	require.NoError(t, proxy.Close())
	assert.Error(t, <-ended)
}
