// Package testkit holds what tests of several packages share: a log
// to look at, programs built for the tests, among them a child with knobs, and
// a Python to ask. Only tests import it.
package testkit
