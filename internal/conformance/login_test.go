package conformance

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/provider"
	"github.com/stretchr/testify/require"

	"github.com/dmswait/dmswait/internal/config"
)

// identity is what a profile or variables say about who logs in.
type identity struct{ AccessKey, SecretKey, SecurityToken, ProjectID, IDPID, IDTokenFile string }

func readByUs(getenv func(string) string) (identity, config.Faults) {
	args := []string{"--instance-id=" + instance, "--task-id=" + task, "--region=cn-north-4"}
	c, faults := config.Parse(context.Background(), args, getenv, nil)
	values := c.Login.Values
	return identity{
		AccessKey:     values["access_key"],
		SecretKey:     values["secret_key"],
		SecurityToken: values["security_token"],
		ProjectID:     c.ProjectID,
		IDPID:         values["idp_id"],
		IDTokenFile:   c.Login.IDToken.File,
	}, faults
}

// readBySDK reads the process's environment and the profile as the SDK's own chain does, without the metadata
// service.
func readBySDK() (identity, error) {
	chain := provider.NewCredentialProviderChain([]provider.ICredentialProvider{
		provider.BasicCredentialEnvProvider(), provider.BasicCredentialProfileProvider(),
	})
	got, err := chain.GetCredentials()
	if err != nil {
		return identity{}, err
	}
	c := got.(*auth.BasicCredentials)
	return identity{c.AK, c.SK, c.SecurityToken, c.ProjectId, c.IdpId, c.IdTokenFile}, nil
}

// places creates a home with an ID token and, unless it is empty, a profile. {token} stands for the ID token's file.
func places(t testing.TB, vars map[string]string, profile string) (getenv func(string) string, token string) {
	t.Helper()
	home := t.TempDir()
	token = filepath.Join(home, "id-token")
	write(t, token, "FAKE.ID.TOKEN\n")
	environ := map[string]string{"HOME": home}
	for name, value := range vars {
		environ["HUAWEICLOUD_SDK_"+name] = strings.ReplaceAll(value, "{token}", token)
	}
	if profile != "" {
		write(t, filepath.Join(home, ".huaweicloud", "credentials"), strings.ReplaceAll(profile, "{token}", token))
	}
	return environment(t, environ), token
}

func TestVariablesMeanTheSameToTheSDK(t *testing.T) {
	const profile = "[basic]\nak=PAK\nsk=PSK\nproject_id=pp\n"
	for _, test := range []struct {
		vars    map[string]string
		profile string
		want    identity // zero: we refuse it, whatever the SDK does
	}{
		{map[string]string{"AK": "AK", "SK": "SK"}, "", identity{AccessKey: "AK", SecretKey: "SK"}},
		{map[string]string{"AK": "AK", "SK": "S+/=K", "SECURITY_TOKEN": "T=="}, "", identity{AccessKey: "AK", SecretKey: "S+/=K", SecurityToken: "T=="}},
		{map[string]string{"AK": "AK", "SK": "SK", "PROJECT_ID": "p"}, profile, identity{AccessKey: "AK", SecretKey: "SK", ProjectID: "p"}},
		{map[string]string{"AK": "AK", "SK": "SK", "DOMAIN_ID": "d"}, profile, identity{AccessKey: "AK", SecretKey: "SK"}},
		{map[string]string{"IDP_ID": "i", "ID_TOKEN_FILE": "{token}", "PROJECT_ID": "p"}, profile, identity{IDPID: "i", IDTokenFile: "{token}", ProjectID: "p"}},
		{map[string]string{"IDP_ID": "i", "ID_TOKEN_FILE": "{token}", "AK": "AK", "SK": "SK", "SECURITY_TOKEN": "T"}, "", identity{IDPID: "i", IDTokenFile: "{token}"}},
		{map[string]string{"PROJECT_ID": "p", "SECURITY_TOKEN": "T"}, profile, identity{AccessKey: "PAK", SecretKey: "PSK", ProjectID: "pp"}},
		{nil, profile, identity{AccessKey: "PAK", SecretKey: "PSK", ProjectID: "pp"}},

		{vars: map[string]string{"AK": "AK"}, profile: profile},
		{vars: map[string]string{"SK": "SK"}, profile: profile},
		{vars: map[string]string{"IDP_ID": "i"}, profile: profile},
		{vars: map[string]string{"AK": "AK", "SK": "SK", "ID_TOKEN_FILE": "{token}"}},
		{vars: map[string]string{"IDP_ID": "i", "ID_TOKEN_FILE": "{token}", "SK": "SK"}},
		{vars: map[string]string{"IDP_ID": "i", "ID_TOKEN_FILE": "{token}.missing"}},
		{vars: map[string]string{"AK": "A K", "SK": "SK"}},
		{vars: map[string]string{"AK": "AK", "SK": "SK", "PROJECT_ID": "../p"}},
		{vars: map[string]string{"CREDENTIALS_FILE": "{token}.missing"}, profile: profile},
		{},
	} {
		getenv, token := places(t, test.vars, test.profile)
		test.want.IDTokenFile = strings.ReplaceAll(test.want.IDTokenFile, "{token}", token)
		requireAgreement(t, test.want, getenv, "%q", test.vars)
	}
}

// profiles holds profiles, and whether we accept them. The SDK may accept those that we refuse.
var profiles = map[string]bool{
	"[basic]\nak = AK\nsk = SK":                                                        true,
	"\ufeff[basic]\r\nak=AK\r\nsk=SK\r\nproject_id=p\r\n":                              true,
	"  [basic]  \n\t ak \t=\t AK \t\n\u00a0sk\u2003:\u3000SK\u0085\n":                  true,
	"[basic]\nak:A=K\nsk=S:K==\nsecurity_token = A/b+c==":                              true,
	"# a=b\n; c=d\n\n[basic]\n  # e\nak=AK\n;sk=no\nsk=SK":                             true,
	"ak=no\nsk=no\n[DEFAULT]\nproject_id=no\n[basic]\nak=AK\nsk=SK\n[x]\nsk=no":        true,
	"[basic]\nak=AK\n[global]\nak=no\ndomain_id=d\n[basic]\nsk=SK":                     true,
	"[basic]\nak=AK\nsk=SK\nAK=no\nSk=no\nu=1\nu=2\nd='x' # y\nz=\"%(ak)s":             true,
	"[basic.a]\nproject_id=no\n[Basic]\nproject_id=no\n[basic]\nak=AK\nsk=SK":          true,
	"[basic]\nak=AK\nsk=SK\nproject_id=\nsecurity_token=\niam_endpoint=":               true,
	"[basic]\nidp_id=i\nid_token_file={token}\nak=AK\nsk=SK\nproject_id=p":             true,
	"[basic]\nidp_id = i\nid_token_file = {token}\niam_endpoint = https://iam.test":    true,
	"[basic]\nak=AK\nsk=SK\n-=1\n-=2\n":                                                true,
	"[basic]\nak=AK\nsk=\\SK":                                                          true,
	"":                                                                                 false,
	"ak=AK\nsk=SK":                                                                     false,
	"[basic]\nak=AK":                                                                   false,
	"[basic]\nak=AK\nsk=":                                                              false,
	"[basic]\nak=AK\nsk=SK\nidp_id=i":                                                  false,
	"[basic]\nidp_id=i\nid_token_file={token}.missing":                                 false,
	"[basic]\nak=AK\nsk=SK\nsk=SL":                                                     false,
	"[basic]\nak=\"AK\"\nsk='SK'":                                                      false,
	"[basic]\nak=`AK`\nsk=SK":                                                          false,
	"[basic]\nak=AK # mine\nsk=SK;x":                                                   false,
	"[basic]\nak=AK\nsk=%(ak)s":                                                        false,
	"[basic]\nak=A\\\nK\nsk=SK":                                                        false,
	"[basic]\nother=`x\nak=no\n`\nak=AK\nsk=SK":                                        false,
	"[basic]\nak=AK\nsk=SK\nx=\"\"\"\nproject_id=p\n\"\"\"":                            false,
	"[basic]\nu=x\\\nproject_id=p\nak=AK\nsk=SK":                                       false,
	"[basic]\nu=`x\nproject_id=p\ny=z`\nak=AK\nsk=SK":                                  false,
	"[x]\nu=\"\"\"x\n[basic]\nak=AK\nsk=SK\ny=\"\"\"":                                  false,
	"[basic]\n\"ak\"=AK\nsk=SK":                                                        false,
	"[basic] ; mine\nak=AK\nsk=SK":                                                     false,
	"[ basic ]\nak=AK\nsk=SK":                                                          false,
	"[basic]\nak=AK\nsk=SK\nnothing":                                                   false,
	"[basic]\nak=AK\nsk=SK\n=x":                                                        false,
	"[basic]\rak=AK\rsk=SK":                                                            false,
	"\xff\xfe[\x00b\x00a\x00s\x00i\x00c\x00]\x00\n\x00a\x00k\x00=\x00A\x00K\x00\n\x00": false,
}

func TestProfilesMeanTheSameToTheSDK(t *testing.T) {
	for profile, read := range profiles {
		getenv, token := places(t, nil, profile)
		want := identity{}
		if read {
			var err error
			want, err = readBySDK()
			require.NoError(t, err, "%q", profile)
			require.NotContains(t, []string{want.AccessKey, want.SecretKey, want.SecurityToken, want.ProjectID},
				"no", "%q", profile)
			require.True(t, want.AccessKey != "" || want.IDTokenFile == token, "%q", profile)
		}
		requireAgreement(t, want, getenv, "%q", profile)
	}
}

// requireAgreement asserts that both read want or, where that is zero, that we refuse.
func requireAgreement(t *testing.T, want identity, getenv func(string) string, about ...any) {
	t.Helper()
	got, faults := readByUs(getenv)
	if want == (identity{}) {
		require.NotEmpty(t, faults, about...)
		return
	}
	require.Empty(t, faults, about...)
	require.Equal(t, want, got, about...)
	theirs, err := readBySDK()
	require.NoError(t, err, about...)
	require.Equal(t, want, theirs, about...)
}

// FuzzProfile asserts that we and the SDK read the same from each profile that we accept. It is quicker with
// -fuzzminimizetime=10x.
func FuzzProfile(f *testing.F) {
	for profile := range profiles {
		f.Add(profile)
	}
	getenv, token := places(f, nil, "[basic]")
	path := filepath.Join(filepath.Dir(token), ".huaweicloud", "credentials")
	f.Fuzz(func(t *testing.T, profile string) {
		if strings.HasPrefix(profile, "\xff\xfe") || strings.HasPrefix(profile, "\xfe\xff") {
			t.Skip("see TestOnlyWeRefuseProfilesThatAreNotUTF8")
		}
		require.NoError(t, os.WriteFile(path, []byte(strings.ReplaceAll(profile, "{token}", token)), 0o600))
		got, faults := readByUs(getenv)
		if len(faults) > 0 {
			return
		}
		theirs, err := readBySDK()
		require.NoError(t, err)
		require.Equal(t, theirs, got)
	})
}
