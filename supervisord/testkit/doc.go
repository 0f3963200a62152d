// Package testkit holds what tests of several packages share: a child with
// knobs, made of the test binary itself. Only tests import it.
package testkit
