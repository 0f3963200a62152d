// Package daemon does to the process itself what a daemon does: give up root,
// raise its limits, leave the terminal, note its pid. Each step is checked, and
// a failure is an error for the caller to end on, in the words of Supervisor.
//
// It has no goroutines. Its functions are called at start-up, in the order of
// their listing in the documentation of the start-up, and change the whole
// process.
package daemon
