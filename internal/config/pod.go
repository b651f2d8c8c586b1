package config

import (
	"net/netip"
	"net/url"
	"strings"
)

// CCE sets these variables in a pod whose service account has a pod identity.
const (
	podURI       = "HC_CONTAINER_CREDENTIALS_FULL_URI"
	podTokenFile = "HC_CONTAINER_AUTHORIZATION_TOKEN_FILE"
)

// usePodIdentity selects the pod identity where its variables are set and no input says otherwise. It reports whether
// it has.
func (p *parser) usePodIdentity() bool {
	c := p.config
	if c.has("pod_identity") || p.getenv(podURI) == "" && p.getenv(podTokenFile) == "" {
		return false
	}
	p.take("pod_identity", &named{from: podURI, value: "true"})
	c.Login.Method, c.Login.From = p.selectedMethods()[0], podURI
	p.resolvePodIdentity()
	return true
}

// resolvePodIdentity checks the variables of the pod identity. Their values are not shown, as they are not the user's.
func (p *parser) resolvePodIdentity() {
	pod := &p.config.Login.PodIdentity
	pod.URI, pod.TokenFile = strings.TrimSpace(p.getenv(podURI)), strings.TrimSpace(p.getenv(podTokenFile))
	const required = "is required with pod_identity: CCE sets it in pods of a service account that is associated " +
		"with an agency"
	if pod.URI == "" {
		p.fault(podURI, required)
	}
	if pod.TokenFile == "" {
		p.fault(podTokenFile, required)
	}
	if pod.URI != "" && !isLocalURI(pod.URI) {
		p.fault(podURI, "is not an http URL of a loopback or link-local address: leave it as CCE sets it")
	}
	if pod.TokenFile != "" {
		p.readToken(&named{input: podTokenFile, from: podTokenFile, value: pod.TokenFile})
	}
}

// isLocalURI reports whether a token may be sent to a URL without TLS: its host is this machine, or its node.
func isLocalURI(value string) bool {
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "http" || u.User != nil || !isPort(u.Port()) {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return err == nil && ip.Unmap().IsLinkLocalUnicast() || isLoopback(u.Hostname())
}
