// Package process keeps one program instance running: it spawns the child, watches
// it, restarts it, and stops it.
//
// # The states
//
// A process that has not been started is STOPPED. A start looks up the command,
// opens the logs and spawns a child; the process is STARTING. If any of that fails,
// or the child exits within startsecs, whatever its status, the process goes to
// BACKOFF. A child that runs for startsecs makes it RUNNING.
//
// From BACKOFF the start is tried again after one second, then after two, three and
// so on. After startretries retries in a row the process is FATAL, and stays so
// until a start is requested.
//
// When the child of a RUNNING process exits, the process is EXITED. autorestart
// decides whether it is STARTING again at once. Two spawns are at least a second
// apart, so that a program that exits at once costs next to nothing.
//
// A stop sends stopsignal; the process is STOPPING until the child has exited, then
// STOPPED. After stopwaitsecs the child gets SIGKILL, again and again. A process that
// is stopped in BACKOFF is STOPPED at once. A start that is requested while the
// process is STOPPING is granted when it has stopped.
//
// If the kernel refuses a signal to a child that exists, the process is UNKNOWN until
// that child exits.
//
// # What Supervisor does not have
//
// With ready= a start is complete only when the child is ready, too (Process.Ready). A
// child that is not ready within ready_timeout is stopped while the process is still
// STARTING: its exit is that of a failed start. The health of a RUNNING child changes
// no state; the caller that finds it unhealthy may replace it (Process.Replace).
//
// Restarts and retries may have other delays, and after too many of them
// (restart_limit) the process is FATAL, whatever its state was.
//
// A stop may take several signals, and may include the process group, the descendants
// or the control group of the child. Then the process stays STOPPING, with the pid of
// the child that has exited, until all of them have; they have what is left of its
// time. If the child exits by itself they are killed at once. What a stop leaves
// running may be reported, or killed.
//
// Hooks run before and after a start and a stop; pre_start, pre_stop and post_stop
// hold up what comes next.
//
// A start may have to wait for other processes (Process.DeferStart). The process keeps
// its state and shows what it waits for; the caller that deferred the start makes it
// later. A stop request calls such a start off. If what it waits for does not come in
// time the process is FATAL (Process.FailDependency).
//
// The processes of a FastCGI program share a listening socket as their stdin. It is
// open as long as one of them has a child.
//
// # Who does what
//
// Each Process has one goroutine, Run, which owns its fields. Package machine, a table
// of state × input, decides what happens next, and Run carries it out: it spawns with
// what package launch has worked out, runs hooks with package hook, sends signals, and
// keeps the timer of the state.
//
// A request is passed to Run and answered through a channel of its own; with a
// condition, such as "is RUNNING", it is answered when the condition holds. Readers get
// the last published Status and never wait. Output passes from the pipes to the logs
// without going through Run.
//
// A caller that stops waiting takes nothing back. A Run that ends leaves its child
// alone: a later daemon can adopt it.
package process
