// Package rolling changes many processes of a group one after the other: rolling
// restarts, updates process by process, and another number of processes of a program.
//
// Each of these is an operation and belongs to the daemon: the client that requested
// it may follow it or disconnect. An operation has a goroutine of its own below
// Operations.Run and is the only one in its groups: a second one for the same group is
// refused. It calls the supervisor and the processes like any client.
//
// What must survive the end of the daemon is recorded before it is done. A process that
// is being restarted has got the request to start together with the request to stop,
// and both are in its record. Additional processes of a rolling restart are recorded as
// surplus before they start; the next daemon, after a crash or an upgrade, adopts them
// like all others and then stops and removes them. The operation itself ends with its
// daemon: processes that it had not reached stay unchanged.
package rolling
