package jsontext

import (
	"slices"
	"strconv"
	"strings"
)

// Decode reads a value as encoding/json decodes it into an any. It is false where a number is out of range.
func (r *Reader) Decode() (value any, ok bool) {
	ok = true
	switch r.Next() {
	case 0:
		return nil, true
	case '"':
		return r.Text(), true
	case '[':
		all := []any{}
		for r.Enter(); r.More(); {
			element, valid := r.Decode()
			all, ok = append(all, element), ok && valid
		}
		return all, ok
	case '{':
		members := map[string]any{}
		for r.Enter(); r.More(); {
			name := r.Text()
			member, valid := r.Decode()
			members[name], ok = member, ok && valid
		}
		return members, ok
	}
	switch word := string(r.Value()); word {
	case "null":
		return nil, true
	case "true", "false":
		return word == "true", true
	default:
		number, err := strconv.ParseFloat(word, 64)
		return number, err == nil
	}
}

// Encode returns the JSON of nil, a bool, a string, an int, a float64 of at most 21 digits, or of strings and maps of
// such values.
func Encode(value any) string {
	switch value := value.(type) {
	case bool:
		return strconv.FormatBool(value)
	case string:
		return Quote(value)
	case int:
		return strconv.Itoa(value)
	case float64:
		return strconv.FormatFloat(value, 'f', -1, 64)
	case []string:
		var all []string
		for _, element := range value {
			all = append(all, Quote(element))
		}
		return "[" + strings.Join(all, ",") + "]"
	case map[string]any:
		var members []string
		for name, member := range value {
			members = append(members, Quote(name)+":"+Encode(member))
		}
		slices.Sort(members)
		return "{" + strings.Join(members, ",") + "}"
	}
	return "null"
}
