// Package supervisor holds the groups of processes: it starts and stops them in order,
// changes the set of groups, and shuts the daemon down. All callers are equal here: the
// XML-RPC interface, the web pages, signals, rolling operations, policies.
//
// The goroutine in Run owns what concerns the daemon as a whole: starts that are still to
// be made (package starts), changes of the groups (package groups), the mood, ticks.
// Methods that change these hand Run a task and wait for it. Reads don't ask Run: they
// take the table of groups, and the last published status of each process. The starts,
// stops and signals of one process go to the goroutine that owns it (package process).
// Goroutines of the supervisor's own run the shutdown and stops that wait for other stops.
//
// Methods may be called from anywhere, and block only where they say so. Errors are
// *faults.Error, or the error of ctx. After Run has returned, changes are refused with
// SHUTDOWN_STATE and no goroutine is left. What orders starts and stops is decided by
// package order, what is reported is worded by package report; both are pure.
package supervisor
