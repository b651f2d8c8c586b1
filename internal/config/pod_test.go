package config

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
)

func podVars(t *testing.T) vars {
	t.Helper()
	return vars{podURI: "http://169.254.100.1:9090/v1/credentials?x=1", podTokenFile: tempFile(t, " ey.POD \n")}
}

func TestPodIdentityIsUsedOnRequestOrWhereNothingElseIsGiven(t *testing.T) {
	t.Parallel()
	pod := podVars(t)
	want := PodIdentity{pod[podURI], pod[podTokenFile]}
	c, faults := parse(withoutCredentials().with(pod))
	assert.Empty(t, faults)
	assert.Equal(t, byPod, methodOf(c))
	assert.Equal(t, podURI, c.Login.From)
	assert.Equal(t, want, c.Login.PodIdentity)
	assert.Equal(t, []string{"ey.POD"}, c.Secrets())

	c, faults = parse(withoutCredentials().with(pod), "--pod-identity")
	assert.Empty(t, faults)
	assert.Equal(t, "--pod-identity", c.Login.From)
	assert.Equal(t, want, c.Login.PodIdentity)

	for _, family := range familyVars {
		c, faults = parse(withoutCredentials().with(pod).with(family.vars))
		assert.Empty(t, faults)
		assert.Equal(t, byKeys, methodOf(c), "families come first")
		assert.Zero(t, c.Login.PodIdentity)
	}
	c, faults = parse(withoutCredentials().with(pod).with(homeWithProfile(t, "[basic]\nak=AK\nsk=SK\n")))
	assert.Empty(t, faults)
	assert.Equal(t, byPod, methodOf(c), "the profile comes last")
	c, faults = parse(withoutCredentials().with(pod).with(homeWithProfile(t, "[basic]\nak=AK\nsk=SK\n")),
		"--pod-identity=false")
	assert.Empty(t, faults)
	assert.Equal(t, byKeys, methodOf(c), "unless it is not wanted")
	for method, inputs := range loginInputs {
		_, faults = parse(withoutCredentials().with(pod).with(inputs), "--pod-identity")
		assert.Equal(t, []string{"pod_identity cannot be combined with " + listed[method] + ": use one login method"}, faults)
		_, faults = parse(withoutCredentials().with(pod).with(inputs))
		assert.Empty(t, faults, "inputs come first")
	}
}

// listed is what a fault calls the inputs of loginInputs.
var listed = map[string]string{
	byToken: "auth_token", byKeys: "access_key and secret_key", byAgency: "provider_urn and agency_urn",
	byIdentityProvider: "idp_id", byPassword: "username and password and domain_name", byECS: "ecs_metadata",
}

func TestPodIdentityNeedsBothVariables(t *testing.T) {
	t.Parallel()
	const required = " is required with pod_identity: CCE sets it in pods of a service account that is associated " +
		"with an agency"
	pod := podVars(t)
	for _, name := range []string{podURI, podTokenFile} {
		_, faults := parse(withoutCredentials().with(pod).with(vars{name: ""}))
		assert.Equal(t, []string{name + required}, faults)
	}
	_, faults := parse(withoutCredentials(), "--pod-identity")
	assert.Equal(t, []string{podURI + required, podTokenFile + required}, faults)
}

func TestPodIdentityStaysOnTheNode(t *testing.T) {
	t.Parallel()
	pod := podVars(t)
	for uri, isLocal := range map[string]bool{
		"http://127.0.0.1:1/v1/credentials":      true,
		"http://127.9.9.9/v1":                    true,
		"http://localhost:8080/v1":               true,
		"http://[::1]:8080/":                     true,
		"http://169.254.169.254":                 true,
		"http://[fe80::1]/":                      true,
		"http://[fe80::1%25eth0]:80/":            true,
		"http://[::ffff:169.254.1.1]/":           true,
		"https://169.254.1.1/":                   false,
		"http://10.0.0.1/":                       false,
		"http://169.255.0.1/":                    false,
		"http://[fd00:ec2::23]/":                 false,
		"http://[::1%25eth0]/":                   false,
		"http://169.254.1.1.evil.example/":       false,
		"http://evil.example/?host=127.0.0.1":    false,
		"http://127.0.0.1@evil.example/":         false,
		"http://user:hunter2@127.0.0.1/":         false,
		"http://127.0.0.1:0/":                    false,
		"http://127.0.0.1:99999/":                false,
		"http://2852039166/":                     false, // 169.254.169.254 in decimal
		"http://0.0.0.0/":                        false,
		"ftp://127.0.0.1/":                       false,
		"127.0.0.1/v1":                           false,
		"http://127.0.0.1 hunter2/":              false,
		"http://":                                false,
		"http://127.0.0.1/\r\nX-Injected: yes":   false,
		"http://metadata.google.internal:80/v1/": false,
	} {
		_, faults := parse(withoutCredentials().with(pod).with(vars{podURI: uri}))
		if isLocal {
			assert.Empty(t, faults, uri)
			continue
		}
		assert.Equal(t, []string{podURI + " is not an http URL of a loopback or link-local address: " +
			"leave it as CCE sets it"}, faults, uri)
	}
}

func TestTokenFileOfThePodIdentityIsChecked(t *testing.T) {
	t.Parallel()
	pod := podVars(t)
	for path, problem := range map[string]string{
		filepath.Join(t.TempDir(), "missing"): "cannot be read from its file: no such file or directory",
		t.TempDir():                           "cannot be read from its file: is a directory",
		tempFile(t, " \n"):                    "cannot be read from its file: it is empty",
		tempFile(t, "hun ter2"): "contains a blank, a line break or a character that no key, token or URN has: " +
			"give the value alone, without quotes or line breaks",
		tempFile(t, string(make([]byte, 2<<20))): "cannot be read from its file: it is larger than 1 MiB",
	} {
		_, faults := parse(withoutCredentials().with(pod).with(vars{podTokenFile: path}))
		assert.Equal(t, []string{podTokenFile + " " + problem}, faults)
	}
}
