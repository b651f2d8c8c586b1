package simulator

import (
	"encoding/json"
	"fmt"
	"math"
	"mime"
)

// document is the JSON object in a request body. It is not decoded into a struct, because encoding/json
// would accept keys in any case, which the cloud does not.
type document map[string]any

// document decodes the request body. It returns an error unless the body is declared to be JSON.
func (c *call) document() (document, error) {
	declared := c.request.Header.Get("Content-Type")
	// The cloud must accept a missing type: the official SDK sends none when it exchanges a token for keys.
	kind, _, err := mime.ParseMediaType(declared)
	if declared != "" && (err != nil || kind != "application/json") {
		return nil, fmt.Errorf("content type must be application/json, not %q", declared)
	}
	var d document
	if err := json.Unmarshal(c.body, &d); err != nil {
		return nil, fmt.Errorf("request body is invalid: %w", err)
	}
	return d, nil
}

// at returns the value at a path of keys, or nil if there is none.
func (d document) at(path ...string) any {
	var value any = map[string]any(d)
	for _, key := range path {
		object, _ := value.(map[string]any)
		value = object[key]
	}
	return value
}

// text returns the string at a path, or "" if there is none.
func (d document) text(path ...string) string {
	text, _ := d.at(path...).(string)
	return text
}

// integer returns the integer at a path, or the default if there is no value.
// It returns an error unless the value is an integer from low to high.
func (d document) integer(low, high, byDefault int, path ...string) (int, error) {
	value := d.at(path...)
	if value == nil {
		return byDefault, nil
	}
	n, ok := value.(float64)
	if !ok || n != math.Trunc(n) || n < float64(low) || n > float64(high) {
		return 0, fmt.Errorf("%s must be an integer from %d to %d", path[len(path)-1], low, high)
	}
	return int(n), nil
}
