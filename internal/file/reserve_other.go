//go:build !linux

package file

import "os"

// reserve does nothing where the system has no call that reserves space without changing a file's size.
func reserve(*os.File, int64) error { return nil }
