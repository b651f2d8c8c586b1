module github.com/dmswait/dmswait

go 1.26.0

require (
	github.com/cenkalti/backoff/v4 v4.3.0
	github.com/sethvargo/go-githubactions v1.4.0
	golang.org/x/term v0.47.0
)

// For tests alone.
require (
	github.com/creack/pty v1.1.24
	github.com/hinshun/vt10x v0.0.0-20220301184237-5011da428d02
	github.com/rogpeppe/go-internal v1.16.0
	github.com/stretchr/testify v1.12.1
	go.yaml.in/yaml/v3 v3.0.5
)

require (
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/tools v0.26.0 // indirect
)
