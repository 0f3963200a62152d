// Package machine decides what happens to a process: its state and what happened
// give a new state and a list of things to do. Package process says in prose how a
// process lives; the table of state × input here says the same in code.
//
// A Machine belongs to one goroutine, which is the owner of the process. That
// owner passes in each fact with the time (Step), and carries out the effects in
// order: spawn a child, send a signal, set a timer, publish a transition. The
// package does no I/O, reads no clock and starts no goroutine, so that hours of
// retries and kills can be tested in an instant.
//
// Status is plain data. It is what readers see, what the journal records and what
// a daemon hands over to the next one; a machine of the next daemon goes on from
// it (ChildAdopted, ExitMissed, StateRestored).
package machine
