//go:build modules

package main

// With the tag "modules", bare links the modules of dmswait: their packages' variables alone take up space, although
// bare calls nothing of them. html/template, which go-githubactions imports for a function that dmswait does not call,
// is most of it.
import (
	_ "github.com/cenkalti/backoff/v4"
	_ "github.com/sethvargo/go-githubactions"
	_ "golang.org/x/term"
)
