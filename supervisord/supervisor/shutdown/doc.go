// Package shutdown stops all processes when the daemon ends or restarts.
//
// Groups stop one after the other, the highest priority number first. The programs of all
// groups of one priority get their stop signals at once; only the events come group by
// group. If processes depend on one another, or with shutdown_parallel, each stops once
// all that depend on it have stopped. What is left at the deadline is killed.
//
// Run and Limit block until everything has stopped, and run side by side in goroutines of
// the supervisor. Starts must be forbidden before. The line about what is waited for is
// written before the first stop signal, as Supervisor does, and then every three seconds.
package shutdown
