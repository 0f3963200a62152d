// Package compat says how far this is compatible with Supervisor.
//
// The list of deliberate differences (differences.go) is the only place where
// they are written down. The document docs/compatibility.md is made from it and
// from the tables that the programs themselves work with: options, methods,
// actions, types of events. A test fails when the document is out of date;
// with -update it writes it anew.
package compat
