package config

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/dmswait/dmswait/internal/credential"
)

// The functions of this file return setters, which check a value and store it in a field. The text of their
// errors continues a sentence that begins with the input's name: `"5x" is not a duration`.

// minPause keeps a typing error (interval: 1ns) from causing a flood of requests. Below it, growth by a tenth
// could round to nothing.
const minPause = time.Millisecond

// Sets of characters, not regular expressions: compiling four of those took a tenth of a run's time.
const (
	digits    = "0123456789"
	lowercase = "abcdefghijklmnopqrstuvwxyz"
	letters   = lowercase + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// consistsOf reports whether text is not empty and consists of characters of set.
func consistsOf(set, text string) bool { return text != "" && strings.Trim(text, set) == "" }

func id(field *string) func(string) error {
	return func(value string) error {
		if len(value) > 64 || !consistsOf(letters+digits+"-_", value) {
			return badValue(value, `is not an id: use 1 to 64 letters, digits, "-" or "_"`)
		}
		*field = value
		return nil
	}
}

func oneLine(field *string) func(string) error {
	return func(value string) error {
		if strings.ContainsFunc(value, unicode.IsControl) {
			return badValue(value, "contains a line break or another control character")
		}
		*field = value
		return nil
	}
}

// credential stores a login input. Errors do not contain the value.
func (c *Config) credential(name string, check func(string) error) func(string) error {
	return func(value string) error {
		err := check(value)
		if err == nil {
			c.Login.Values[name] = value
		}
		return err
	}
}

// switched stores a login input that is true or false. Only true is stored as a value.
func (c *Config) switched(name string) func(string) error {
	return func(value string) error {
		var on bool
		err := boolean(&on)(value)
		delete(c.Login.Values, name)
		if on {
			c.Login.Values[name] = "true"
		}
		return err
	}
}

func (c *Config) idToken(check func(string) error) func(string) error {
	return func(value string) error {
		err := check(value)
		if err == nil {
			c.Login.IDToken.Value = value
		}
		return err
	}
}

// noControls checks a name, which may contain blanks.
func noControls(value string) error {
	switch {
	case credential.IsQuoted(value):
		return errors.New("is enclosed in quotes: remove them")
	case strings.ContainsFunc(value, unicode.IsControl):
		return errors.New("contains a line break or another control character")
	}
	return nil
}

// password checks a password, which may contain blanks and quotes. JSON cannot carry what is not UTF-8: another
// password would be sent, and a few wrong ones lock the user.
func password(value string) error {
	switch {
	case strings.ContainsFunc(value, func(r rune) bool { return unicode.IsControl(r) || r == '\ufeff' }):
		return errors.New("contains a line break or another control character")
	case !utf8.ValidString(value):
		return errors.New("is not UTF-8")
	}
	return nil
}

func choice(field *string, values ...string) func(string) error {
	return func(value string) error {
		if !slices.Contains(values, value) {
			return badValue(value, "is not one of %s", strings.Join(values, ", "))
		}
		*field = value
		return nil
	}
}

func succeedOn(field *[]string) func(string) error {
	return func(value string) error {
		results := list(value)
		for _, result := range results {
			if !slices.Contains(tolerable, result) {
				return badValue(result, "is not one of %s", strings.Join(tolerable, ", "))
			}
		}
		*field = results
		return nil
	}
}

// maxAgo is far longer than tasks are kept, and shorter than the seconds since 1970, which are meant as a time.
const maxAgo = 10 * 365 * 24 * time.Hour

// since accepts a time, or a duration back from now.
func since(field *Since) func(string) error {
	return func(value string) error {
		if at, err := time.Parse(time.RFC3339, strings.ToUpper(value)); err == nil {
			if at.IsZero() { // what templates write for a time that is not set
				return badValue(value, "is the zero time: no task can have been started then")
			}
			*field = Since{At: at}
			return nil
		}
		ago, err := parseDuration(value)
		if err != nil {
			return badValue(value, "is neither a time (2026-01-02T03:04:05Z) nor a duration (5m)")
		}
		if ago > maxAgo {
			return badValue(value, "is more than ten years back: write a time as 2026-01-02T03:04:05Z")
		}
		*field = Since{Ago: ago}
		return nil
	}
}

func duration(field *time.Duration) func(string) error {
	return func(value string) error {
		d, err := parseDuration(value)
		if err != nil {
			return err
		}
		*field = d
		return nil
	}
}

// pause accepts a duration of at least minPause.
func pause(field *time.Duration) func(string) error {
	return func(value string) error {
		d, err := parseDuration(value)
		if err != nil {
			return err
		}
		if d < minPause {
			return badValue(value, "is too short: the minimum is %v", minPause)
		}
		*field = d
		return nil
	}
}

// parseDuration reads a Go duration, or whole seconds.
func parseDuration(value string) (time.Duration, error) {
	d, err := time.ParseDuration(value)
	seconds, notNumber := strconv.ParseInt(value, 10, 64)
	if notNumber == nil {
		d, err = time.Duration(seconds)*time.Second, nil
	}
	isNumber := notNumber == nil || errors.Is(notNumber, strconv.ErrRange)
	switch {
	case err != nil && !isNumber:
		return 0, badValue(value, "is not a duration: use seconds (90) or units (90s, 5m, 1h30m)")
	case strings.HasPrefix(value, "-"):
		return 0, badValue(value, "is negative")
	case err != nil || seconds > math.MaxInt64/int64(time.Second):
		return 0, badValue(value, "is too long")
	}
	return d, nil
}

// valueError is why a value is not accepted.
type valueError struct{ shown, problem string }

func (e valueError) Error() string { return e.shown + " " + e.problem }

// badValue returns the error about a value. The problem continues a sentence that begins with the value.
func badValue(value, problem string, args ...any) error {
	return valueError{quote(value), fmt.Sprintf(problem, args...)}
}

// quote returns a value that a user gave as one short line.
func quote(value string) string {
	const maxBytes = 80
	if len(value) > maxBytes {
		value = strings.ToValidUTF8(value[:maxBytes], "") + "…"
	}
	return strconv.Quote(value)
}

// boolean accepts true and false as YAML writes them.
func boolean(field *bool) func(string) error {
	return func(value string) error {
		switch strings.ToLower(value) {
		case "true", "yes", "on":
			*field = true
		case "false", "no", "off":
			*field = false
		default:
			return badValue(value, "is neither true nor false")
		}
		return nil
	}
}

// prefix accepts the beginning of variable names, except for those of inputs: GitLab passes dotenv variables to
// later jobs, where they must not become inputs.
func prefix(field *string) func(string) error {
	return func(value string) error {
		if !consistsOf(letters+digits+"_", value) || consistsOf(digits, value[:1]) {
			return badValue(value, `cannot begin a variable name: `+
				`use letters, digits and "_", and do not begin with a digit`)
		}
		for _, reserved := range []string{"DMSWAIT_", "INPUT_", "PLUGIN_"} {
			if strings.HasPrefix(strings.ToUpper(value), reserved) {
				return badValue(value, "is reserved for inputs: use another prefix")
			}
		}
		*field = value
		return nil
	}
}
