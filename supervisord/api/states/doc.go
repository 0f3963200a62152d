// Package states has the codes and names of the states that Supervisor shows: those
// of a process, of the daemon, and of an event listener.
//
// It is a leaf of values: it has no goroutines, and nothing in it can fail.
//
// Codes and names are part of the XML-RPC interface and never change.
package states
