// Package exitpolicy decides when supervisord itself has to exit because a
// program has ended: essential=, exit_on= and exit_code=.
//
// It has no goroutine. The owners of the processes call Policy.Changed after each
// change of a status; it may be called from many goroutines at once and never
// blocks. The policy only decides: stopping everything and exiting with the
// status is the supervisor's job (Options.ExitWith).
//
// Only a final exit counts: one that nobody requested and that no automatic
// restart follows, or FATAL. A process that an operator, a dependency or a health
// check stopped is STOPPED and does not count. After an upgrade or a crash of the
// daemon, exits that the earlier daemon already knew of do not count again.
// Processes that Options.Exempt names, as those that a rolling update tries out,
// may fail.
package exitpolicy
