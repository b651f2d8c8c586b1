// A test builds this file into dmswait, and nothing else does. It makes Go's resolver use the server that the
// test names.
package main

import (
	"context"
	"net"
	"os"
)

func init() {
	net.DefaultResolver = &net.Resolver{
		PreferGo: true,
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "udp", os.Getenv("TEST_RESOLVER"))
		},
	}
}
