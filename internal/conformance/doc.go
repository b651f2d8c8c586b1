// Package conformance guards one rule: what dmswait signs, simulates and reads of profiles and variables is what Huawei Cloud's official SDK signs,
// gets along with and reads. Where we differ on purpose, a test says so.
// It refuses to be part of the program: it is tests alone, in a module of its own, so that nobody else has the SDK to download; and it asks nothing but loopback.
package conformance
