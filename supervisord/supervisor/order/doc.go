// Package order plans starts and stops: what depends on what (depends_on=, wait_for=),
// what a start still waits for, in which order processes start and stop.
//
// It is pure. The configurations and statuses of processes go in, lists and decisions
// come out. It has no goroutines, no locks and no clock; the supervisor and its starts
// and shutdown act on what it returns. The one graph of dependencies is
// config/depends; this package gives its nodes and edges their meaning.
//
// A Graph never changes and may be read from anywhere. It is made of the processes in
// use, so a change of the groups needs another one. Orders follow from the
// configuration: the same one always gives the same order. Programs that are in no file
// may depend on one another in a cycle; then some order is returned.
package order
