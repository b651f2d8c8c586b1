package client

import "encoding/json"

// Instance is an instance of DMS, as far as its status says.
type Instance struct {
	Status   Status
	Response Response // that the instance came with
}

func decodeInstance(body []byte) (Status, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil {
		return "", ErrNotJSON
	}
	found := status(fields["status"])
	if found == "" {
		return "", ErrNotJSON
	}
	return found, nil
}
