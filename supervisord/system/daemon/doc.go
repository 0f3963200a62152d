// Package daemon changes what this process is: its user, its limits, its terminal, its
// descriptors, its signals, its pidfile.
//
// It has no goroutines. The functions are called at the start of the daemon, and change the
// whole process. A Pidfile and Signals belong to their caller.
//
// Every step is checked. A failure is an error in Supervisor's words; the caller exits with
// it.
package daemon
