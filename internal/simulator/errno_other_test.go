//go:build !windows

package simulator_test

import "syscall"

// What a connection that was reset, and an address that is in use, are to this system.
const (
	errReset = syscall.ECONNRESET
	errInUse = syscall.EADDRINUSE
)
