package output

import (
	"encoding/json"
	"strings"
)

// object is a decoded JSON object. Unlike a map it keeps the order of the keys, and keys that occur twice: a
// map drops one of them, and that one may contain a secret.
type object []member

type member struct {
	key   string
	value any
}

// decode returns what JSON means, with numbers as their text; nil where it is not valid.
func decode(text string) any {
	if !json.Valid([]byte(text)) {
		return nil
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	return decodeNext(decoder)
}

func decodeNext(decoder *json.Decoder) any {
	token, _ := decoder.Token()
	switch token {
	case json.Delim('{'):
		members := object{}
		for decoder.More() {
			key, _ := decoder.Token()
			members = append(members, member{key.(string), decodeNext(decoder)})
		}
		decoder.Token()
		return members
	case json.Delim('['):
		elements := []any{}
		for decoder.More() {
			elements = append(elements, decodeNext(decoder))
		}
		decoder.Token()
		return elements
	}
	return token
}

// decodeWithin returns what a string means that contains an object, an array or a string as JSON; otherwise
// nil.
func decodeWithin(text string) any {
	if trimmed := strings.TrimSpace(text); trimmed != "" && strings.Contains(`{["`, trimmed[:1]) {
		return decode(text)
	}
	return nil
}
