// Package spawn starts the daemon's children, reaps them, and carries data to and from
// them.
//
// A Spec describes a child, and Spawner.Spawn starts it. The goroutine of Spawner.Run is
// the only one that waits for children: on SIGCHLD it reaps all that have exited, the
// daemon's own and, as process 1 or subreaper, orphans. No thread blocks for a child. Run
// also runs the poller, which reports output (see output) and exits of descendants (see
// descendants). A child is normally forked and executed directly. If that fails, or is not
// possible, this binary is executed as the executor (see RunExecutor): it takes the steps
// one by one, reports on the child's stderr which of them failed, and exits with status
// 127, as Supervisor's child does between fork and exec.
//
// Child.Exited delivers the exit after everything that the child wrote has been passed to
// the sinks. A grandchild that keeps the pipe open does not delay it: what the child wrote
// was in the pipe when it exited, so reading one pipe full is enough. A pid is signalled
// only until its child is reaped, so a signal never reaches another process with a recycled
// pid. Children of a daemon that crashed or was replaced can be adopted, on Linux.
package spawn
