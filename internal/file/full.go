package file

import (
	"errors"
	"runtime"
	"syscall"
)

// isFull reports whether a disk or a quota has no space left.
func isFull(err error) bool {
	var number syscall.Errno
	if runtime.GOOS == "windows" && errors.As(err, &number) {
		return isFullOnWindows(number)
	}
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// isFullOnWindows is isFull for the error numbers of Windows, where those of Unix are never returned.
func isFullOnWindows(number syscall.Errno) bool {
	const (
		handleDiskFull    = 39
		diskFull          = 112
		diskQuotaExceeded = 1295
	)
	return number == handleDiskFull || number == diskFull || number == diskQuotaExceeded
}
