// Package exitpolicy ends supervisord when a program has ended without which it
// is of no use: essential=, exit_on= and exit_code=.
//
// It looks on as processes change and decides; that everything is stopped then,
// and that the daemon exits with the status it says, is the supervisor's job. It
// has no goroutine: Changed is called by the owners of the processes, never
// blocks, and may be called from many of them at once.
//
// Only an end for good counts: one that nobody asked for and that no automatic
// restart follows, or that a process was given up (FATAL). A process that an
// operator, a dependency or a health check stops is STOPPED, which is none. What
// an earlier daemon already knew of is not new after an upgrade or a crash. A
// process that is only on trial, as in a rolling update, may fail.
package exitpolicy
