// Package spawn gives birth to children and buries them.
//
// A Spec says everything about a child; Spawner.Spawn turns it into a running
// one. The spawner's Run goroutine is the only place that waits for children:
// it wakes on SIGCHLD and reaps all that have ended, its own and, as process 1,
// whatever orphan was handed to it. No thread ever blocks for a child.
//
// A child's output is given to the writers named in the Spec by one goroutine a
// pipe, which there is only while there is something to read. The pipes of those
// who are silent are in an epoll set, and Run waits for all of them at once. Who
// says much in little pieces is read a millisecond later, when the pieces are
// fewer; the first piece after a silence is passed on at once.
//
// The exit of a child is announced on Child.Exited after everything that it wrote
// has been given to the writers. A grandchild that keeps the pipe open is not
// waited for: what the dead one wrote was in the pipe when it died, so reading one
// pipe full is enough.
//
// A pid is signalled only while the child that owns it has not been reaped, so
// that a signal can't hit a stranger with a recycled pid.
//
// The relatives of a child (Kin) are found and watched only where its Spec has a
// Scope: its process group, its descendants, or a control group into which it is
// born. They are known by number and time of birth and signalled through pidfds. Of
// their ends the kernel tells, by pidfds and cgroup.events in the epoll set. Where
// a pidfd can't be had, for whatever reason, the number and the time of birth are
// looked at before each signal, and again and again for the end.
//
// In the common path the child is forked and executed directly. When that
// fails, or can't be done that way, the child is this binary again, as a first
// stage (see Stage): it does the steps one by one, tells on the child's own
// stderr which of them failed, and ends with status 127, as Supervisor's child
// does between fork and exec. A child that is to be told its own pid (see
// Spec.ListenPID) is always born that way.
package spawn
