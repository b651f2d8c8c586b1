// Package conformance guards two rules. What dmswait signs, simulates and reads of profiles and variables is what Huawei Cloud's official SDK signs,
// gets along with and reads; where we differ on purpose, a test says so. And trouble of the network ends a wait as the contract says (testdata/network.md):
// the program as it is built is run against the simulator, with toxiproxy's toxics in between.
// It refuses to be part of the program: it is tests alone, in a module of its own, so that nobody else has the SDK and toxiproxy to download; and it asks nothing but loopback.
package conformance
