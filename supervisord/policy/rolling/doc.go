// Package rolling changes many processes of a group one after the other:
// rolling restarts, updates process by process, programs with more or fewer
// processes.
//
// Each of these is an operation, which belongs to the daemon: whoever asked for it
// may follow it or go away. An operation has a goroutine of its own, below
// Operations.Run, and works on a group alone: a second one for the same group is
// refused. It calls the supervisor and the processes as any client does.
//
// What must not be forgotten if the daemon ends in the middle is recorded before
// it is done. A process on its way to a restart has been asked to start again
// together with the request to stop, which the record of processes says. Further
// processes that run during a rolling restart are recorded as surplus before they
// are born; the next daemon, after a crash or an upgrade, adopts them like all
// others and then stops and removes them. The operation itself ends with its
// daemon: what it had not come to stays as it was.
package rolling
