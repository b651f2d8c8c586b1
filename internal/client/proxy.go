package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Proxy is the proxy that a request goes through; zero: none. It has no password.
type Proxy struct{ Scheme, Host, User string }

// ProxyFor returns the proxy that HTTPS_PROXY and NO_PROXY name for requests to an endpoint.
func ProxyFor(endpoint string) Proxy {
	u, err := url.Parse(endpoint)
	if err != nil {
		return Proxy{}
	}
	proxy, _ := http.ProxyFromEnvironment(&http.Request{URL: u}) // package config has checked the variables
	return proxyOf(proxy)
}

func proxyOf(u *url.URL) Proxy {
	if u == nil {
		return Proxy{}
	}
	return Proxy{Scheme: u.Scheme, Host: u.Host, User: u.User.Username()}
}

// ProxyError is a request that did not get through its proxy.
type ProxyError struct {
	StatusCode int    // of the proxy's response; 0: there was none
	LoginSent  bool   // with the request that got this response
	Schemes    string // the kinds of login that the response offers, where none of them is supported
	Err        error  // what went wrong where there was no response
}

func (e *ProxyError) Error() string {
	var at *net.OpError
	switch {
	case e.Err == nil:
		text := fmt.Sprintf("the proxy responded %d %s", e.StatusCode, http.StatusText(e.StatusCode))
		return strings.TrimRight(text, " ")
	case errors.As(e.Err, &at) && at.Op != "read" || e.Err == errProxyClosed: // which name the proxy
		return e.Err.Error()
	}
	return "proxy: " + e.Err.Error()
}

// Unwrap returns what went wrong where there was no response.
func (e *ProxyError) Unwrap() error { return e.Err }

// LoginRequired reports whether the proxy requires a login, or another one.
func (e *ProxyError) LoginRequired() bool {
	return e.StatusCode == http.StatusProxyAuthRequired || e.says("no acceptable authentication methods")
}

// LoginRefused reports whether the proxy refused the login that it got.
func (e *ProxyError) LoginRefused() bool {
	return e.StatusCode == http.StatusProxyAuthRequired && e.LoginSent ||
		e.says("username/password authentication failed")
}

// Unreachable reports whether the proxy could not connect to the server, perhaps because it does not know its name.
func (e *ProxyError) Unreachable() bool {
	return e.StatusCode/100 == 5 || e.says("host unreachable") || e.says("general SOCKS server failure")
}

// says reports whether net/http's error contains these words: for SOCKS it has nothing else.
func (e *ProxyError) says(words string) bool {
	return e.Err != nil && strings.Contains(e.Err.Error(), words)
}

// checkConnect returns an error for a response to CONNECT that opens no tunnel.
func checkConnect(ctx context.Context, _ *url.URL, req *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		routeOf(ctx).enter(Sending)
		return nil
	}
	e := &ProxyError{StatusCode: resp.StatusCode, LoginSent: req.Header.Get("Proxy-Authorization") != ""}
	offered := strings.ToLower(strings.Join(resp.Header.Values("Proxy-Authenticate"), " "))
	if !strings.Contains(offered, "basic") {
		for _, scheme := range []string{"Digest", "NTLM", "Negotiate"} {
			if strings.Contains(offered, strings.ToLower(scheme)) {
				e.Schemes += " or " + scheme
			}
		}
		e.Schemes = strings.TrimPrefix(e.Schemes, " or ")
	}
	return e
}

// noted returns choose, and notes on the route of each request which proxy it chose.
func noted(choose func(*http.Request) (*url.URL, error)) func(*http.Request) (*url.URL, error) {
	return func(req *http.Request) (*url.URL, error) {
		proxy, err := choose(req)
		if r := routeOf(req.Context()); proxy != nil && r.proxy.Host == "" { // once: a connection may read it
			r.proxy = proxyOf(proxy)
		}
		return proxy, err
	}
}
