// Package compatibility tests what users of Python Supervisor rely on: the command
// lines (the sessions in testdata/script are what a user types and what the
// programs answer, one behaviour each), the clients and plugins that were written
// for it, daemonizing, and the main log.
//
// TestSameAsSupervisor drives Python Supervisor and this one side by side. It needs
// Debian's package supervisor and minutes; only make differential runs it.
package compatibility
