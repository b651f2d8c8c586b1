package cli

import "runtime/debug"

// release is the version that the build of a release sets.
var release string

// version returns the release's version, or what the Go toolchain knows about a build from source.
func version() string {
	if release != "" {
		return release
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "devel"
}

func userAgent() string { return "dmswait/" + version() }
