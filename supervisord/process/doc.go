// Package process keeps one process alive.
//
// # The life of a process
//
// A process that nobody has started yet is STOPPED. A start request makes an
// attempt: the command is looked up, the logs are opened, the child is born,
// and the process is STARTING. If any of that fails it never ran: it goes to
// BACKOFF. A child that lives for startsecs makes the process RUNNING; one
// that ends sooner sends it to BACKOFF too, whatever its exit status.
//
// From BACKOFF it is tried again after one second, then after two, three and
// so on. After startretries retries in a row the process is FATAL and left
// alone until somebody asks for a start.
//
// With ready= that is not enough: somebody outside must also have told of a first
// success (Process.Ready). Until then the process is STARTING, and a child that is
// not ready within ready_timeout is stopped, in that state: its end is that of a
// failed start. What is told of the health of a RUNNING one changes no state;
// whoever finds it ill has it replaced (Process.Renew), or not.
//
// A RUNNING process whose child ends is EXITED; autorestart decides whether
// it is STARTING again at once. Births of the same process are at least a
// second apart, so that a program that does nothing but end costs nothing.
//
// A stop request sends stopsignal and the process is STOPPING until its child
// ends: STOPPED. Every stopwaitsecs that it has not ended it is sent SIGKILL.
// A process that is stopped while in BACKOFF is STOPPED at once. A start
// request that meets a STOPPING process is granted when it has stopped.
//
// Options that Supervisor does not have change this. Restarts and retries may come
// after other times, and when there have been too many the process is FATAL, from
// wherever it is. A stop may take several signals, and may be for others too: for
// the process group of the child, its descendants, or a control group. Then the
// process stays STOPPING, with the pid of the child that has ended, until none of
// them lives; they have what is left of the time. If the child ends by itself they
// are killed at once. Whoever a stop has left behind may be reported, or killed and
// waited for.
//
// A start may have to wait for others (Delay): the process stays what it is, says
// what it waits for, and is started when whoever delayed it says so. A stop
// request calls such a start off. If what it waits for does not come in time the
// process is FATAL (Forsake).
//
// If the kernel refuses a signal for another reason than that there is nobody,
// the process is UNKNOWN until its child ends.
//
// The processes of a FastCGI program have a listening socket as their stdin.
// It is open as long as one of them is alive.
//
// # Who does what
//
// Each Process has one goroutine, Run, that owns all of its fields. What
// happens next is decided by machine, a table of state × input that does no
// I/O; Run carries out the effects it asks for. Requests from anywhere are
// answered through a channel of their own; readers take the last published
// Status and never wait. Output travels from the pipes to the logs without
// passing by here. A Partner may take part in what the child reads and writes;
// what they talk about is not the process's business.
package process
