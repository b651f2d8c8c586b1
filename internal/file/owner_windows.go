package file

import (
	"io/fs"
	"os"
)

// On Windows, a new file takes its owner and its permissions from its folder.

func takeOwner(*os.File, fs.FileInfo) error { return nil }

func handOver(*os.File, string) {}

func handOverFolder(string) {}

func mayWrite(fs.FileInfo, int) bool { return true }
