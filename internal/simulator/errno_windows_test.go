package simulator_test

import "syscall"

const (
	errReset = syscall.WSAECONNRESET
	errInUse = syscall.Errno(10048) // WSAEADDRINUSE
)
