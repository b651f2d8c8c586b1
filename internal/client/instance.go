package client

import "github.com/dmswait/dmswait/internal/jsontext"

// Instance is an instance of DMS, as far as its status says.
type Instance struct {
	Status   Status
	Response Response // that the instance came with
}

func decodeInstance(body []byte) (Status, error) {
	fields, ok := jsontext.ParseObject(body)
	if !ok {
		return "", ErrNotJSON
	}
	found := status(fields["status"])
	if found == "" {
		return "", ErrNotJSON
	}
	return found, nil
}
