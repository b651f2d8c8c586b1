package credential

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestCheckKeyRefusesWhatIsNoPartOfAKey(t *testing.T) {
	t.Parallel()
	const quoted, quote, other = "is enclosed in quotes: remove them", "contains a quote", "contains a blank"
	for value, problem := range map[string]string{
		"AKIA0/+==":               "",
		"iam::0a:agency:a_b-c.d":  "",
		"ey.J-_9":                 "",
		`"key"`:                   quoted,
		"'key'":                   quoted,
		"`key`":                   quoted,
		"“key”":                   quoted,
		`""`:                      quoted,
		`"`:                       quote,
		`"key`:                    quote,
		"key'":                    quote,
		"k`ey":                    quote,
		"k ey":                    other,
		" key":                    other,
		"key\n":                   other,
		"key\x00":                 other,
		"key\x7f":                 other,
		"kéy":                     other,
		"\ufeffkey":               other,
		"key\u200b":               other,
		"Bearer ey.J":             other,
		"\xff":                    other,
		"k\"\n::error::stolen\" ": quote,
	} {
		err := CheckKey(value)
		if problem == "" {
			assert.NoError(t, err, value)
			continue
		}
		assert.ErrorContains(t, err, problem, "%q", value)
	}
}
