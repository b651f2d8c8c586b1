// Package conformance guards two rules. What dmswait signs, simulates and reads of profiles and variables is
// what Huawei Cloud's official SDK signs, accepts and reads; where dmswait differs on purpose, a test says
// so. And faults of the network end a wait as the contract says (testdata/network.md): the built program runs
// against the simulator, with toxiproxy's toxics in between. It has tests only, in a module of its own, so
// that nobody else has to download the SDK and toxiproxy, and it connects to loopback only.
package conformance
