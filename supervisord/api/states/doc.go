// Package states holds the codes and names of the states that Supervisor
// shows to the world: of a process, of the daemon, and of an event listener.
//
// It is a leaf: values only, no goroutines, nothing that can fail.
package states
