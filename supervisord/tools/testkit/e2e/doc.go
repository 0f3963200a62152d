// Package e2e runs a real daemon with real programs for the tests below tools/e2e.
// The daemon is the test binary itself, so it has the race detector where the
// tests have it; supervisorctl and the test program child are built as they are
// shipped.
//
// A test makes a Daemon, which is a directory with a configuration and the
// daemons that run there one after the other. When the test ends, the Daemon
// stops what is still running. Its methods must be called by one goroutine,
// except those that only read files or run supervisorctl.
//
// Whatever another process has to do is awaited by what it leaves behind: a
// file, a line in a log, a status. No test assumes how long it takes, and no
// test sends a signal before the program has said that its handler stands.
package e2e
