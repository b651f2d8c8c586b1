package config

import (
	"errors"
	"os"
	"runtime"
	"strings"
	"unicode"
)

// path accepts the path of a file or a folder, as the user of a shell means it.
func (c *Config) path(field *string) func(string) error {
	return func(value string) (err error) {
		if *field, err = expandPath(value, c.home); err != nil {
			err = badValue(value, "%v", err)
		}
		return err
	}
}

// expandPath returns a path with the home folder in place of ~. It refuses what no shell has expanded, and quotes
// that no shell has removed: nobody means a folder named $HOME. A name like that which exists is accepted. Errors
// continue a sentence and do not contain the path: it may be a misplaced secret.
func expandPath(path, home string) (string, error) {
	switch {
	case strings.ContainsFunc(path, unicode.IsControl):
		return "", errors.New("contains a line break or another control character")
	case strings.HasPrefix(path, "-"):
		return "", errors.New("is not the path of a file: begin with ./ if its name begins with a dash; " +
			"stdout is /dev/stdout")
	case strings.Contains(path, "://"):
		return "", errors.New("is a URL: use the path of a file")
	case path != "" && path[0] == '~' && (len(path) == 1 || os.IsPathSeparator(path[1])):
		if home == "" {
			return "", errors.New("begins with ~, but no home folder is set: write it out")
		}
		path = home + path[1:]
	}
	for end := range len(path) + 1 {
		if end < len(path) && !os.IsPathSeparator(path[end]) {
			continue
		}
		name := path[strings.LastIndexFunc(path[:end], isSeparator)+1 : end]
		problem := mistake(name)
		if end == len(name) && end < len(path) && strings.HasPrefix(name, "~") {
			problem = "begins with ~ and the name of a user, which only a shell expands: write the folder out"
		}
		if problem == "" {
			continue
		}
		if _, err := os.Lstat(path[:end]); err != nil {
			return "", errors.New(problem)
		}
	}
	return path, nil
}

func isSeparator(r rune) bool { return r < 0x80 && os.IsPathSeparator(uint8(r)) }

// mistake returns what is wrong with a name in a path if it looks like a mistake in quoting or expansion.
func mistake(name string) string {
	const unexpanded = "contains a variable or a command that nothing has expanded: write its value"
	switch {
	case strings.Contains(name, `"`) || strings.Trim(name, "'") != name || strings.IndexAny(name, "“”‘’«»") == 0:
		return "contains quotation marks: give the path without them"
	case runtime.GOOS != "windows" && strings.Contains(name, `\`):
		return `contains a backslash: separate folders by /, and do not escape blanks`
	case strings.Contains(name, "`") || strings.Contains(name, "{{") || isBetweenPercents(name):
		return unexpanded
	}
	for rest := name; ; {
		_, after, found := strings.Cut(rest, "$")
		if !found {
			return ""
		}
		if after != "" && strings.Contains(letters+"_{([", after[:1]) {
			return unexpanded
		}
		rest = after
	}
}

// isBetweenPercents reports whether a name contains a variable of Windows, as in %TEMP%. In %C3%A9, a character of
// a URL, the names between the signs are shorter than those of variables.
func isBetweenPercents(name string) bool {
	parts := strings.Split(name, "%")
	for i := 1; i < len(parts)-1; i++ {
		part := parts[i]
		if len(part) >= 3 && consistsOf(letters+digits+"_()", part) && consistsOf(letters+"_", part[:1]) {
			return true
		}
	}
	return false
}
