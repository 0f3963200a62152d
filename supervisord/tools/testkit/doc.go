// Package testkit is what the tests of several packages share: a log whose lines can be
// checked, programs that are built for the tests, among them child, a seccomp filter,
// and a Python to compare with. Package testkit/e2e runs whole daemons.
//
// It owns no goroutines. Only tests import it.
package testkit
