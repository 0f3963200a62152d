// Package report words what is known about processes: the answers of getProcessInfo and
// getAllConfigInfo, the description in supervisorctl status, health, the reasons for a
// state, what an update would change.
//
// It is pure. Configurations and statuses go in, values of package api come out. It has
// no goroutines, no locks and no clock: the time is a parameter. The supervisor collects
// what goes in.
//
// Texts that Supervisor has too are Supervisor's, to the byte.
package report
