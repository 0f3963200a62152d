// Package output carries what children write from their pipes to the daemon's sinks.
//
// A Reader belongs to one pipe. While there is something to read, one goroutine of the
// Reader reads it and calls the Sink; between outputs the pipe is in the poller's set and
// there is no goroutine. A child that writes many small pieces is read a millisecond
// later, when more has gathered; the first piece after a silence is passed on at once.
// Staging buffers belong to the Reader that has taken them.
//
// A Reader calls its Sink for one piece at a time, in order. What was read but not yet
// passed on when the daemon is killed stays in the staging file, from which the next
// daemon passes it on.
package output
