package simulator

import (
	"encoding/json"
	"fmt"
	"math"
	"mime"
)

// document is the JSON object of a request. It is read key by key, since encoding/json takes keys in any case
// for a struct's, and the cloud does not.
type document map[string]any

// document reads the request's body, which has to say that it is JSON.
func (c *call) document() (document, error) {
	declared := c.request.Header.Get("Content-Type")
	// The official SDK declares nothing when it changes a token for keys, so the cloud must take that.
	if kind, _, err := mime.ParseMediaType(declared); declared != "" && (err != nil || kind != "application/json") {
		return nil, fmt.Errorf("content type must be application/json, not %q", declared)
	}
	var d document
	if err := json.Unmarshal(c.body, &d); err != nil {
		return nil, fmt.Errorf("request body is invalid: %w", err)
	}
	return d, nil
}

// at returns what a path of keys leads to; nil if it leads nowhere.
func (d document) at(path ...string) any {
	var value any = map[string]any(d)
	for _, key := range path {
		object, _ := value.(map[string]any)
		value = object[key]
	}
	return value
}

// text returns the string at a path; "" if there is none.
func (d document) text(path ...string) string {
	text, _ := d.at(path...).(string)
	return text
}

// number returns the whole number at a path within bounds, or the default where there is nothing.
func (d document) number(low, high, absent int, path ...string) (int, error) {
	value := d.at(path...)
	if value == nil {
		return absent, nil
	}
	n, ok := value.(float64)
	if !ok || n != math.Trunc(n) || n < float64(low) || n > float64(high) {
		return 0, fmt.Errorf("%s must be an integer from %d to %d", path[len(path)-1], low, high)
	}
	return int(n), nil
}
