// Package compat documents how far this project is compatible with Supervisor. It
// generates docs/compatibility.md from the tables that the programs work with (options,
// methods, actions, types of events) and from the list of deliberate differences.
//
// It has no goroutines, and only the generator uses it.
//
// differences.go is the only place where differences are written down. A test fails if
// the document is out of date; with -update it writes the document again.
package compat
