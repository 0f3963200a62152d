// Package differential compares the daemon with Python Supervisor, and runs it
// with the clients and plugins that were written for Python Supervisor.
//
// TestSameAsSupervisor needs Debian's package supervisor and takes minutes; it
// runs with SUPERVISOR_DIFFERENTIAL=N (make differential) only.
package differential
