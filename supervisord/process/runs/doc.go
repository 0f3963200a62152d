// Package runs keeps the last runs of a process: when each began and ended, how, who
// asked for it, what it used, and where in the logs its output is.
//
// A History belongs to the goroutine that owns the process; what it returns may be
// shared. Nothing here does I/O or reads a clock.
//
// A History is bounded: it keeps the last MaxRuns runs, and counts restarts for an hour.
// Output is not copied: a Run holds the places in the log files between which it is, so
// that recording a run costs next to nothing, however often a program crashes.
package runs
