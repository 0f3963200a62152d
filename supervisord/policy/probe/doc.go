// Package probe checks once whether something responds: a web server, a FastCGI
// server, a socket, a command, a file.
//
// It has no state. The caller decides when to probe again and what to do about the
// result. A probe starts no goroutine that outlives the call and keeps no
// connection.
//
// A probe returns soon after its context ends, whatever the other side does.
// Errors are one line, short enough for a column of a table: the reason first,
// without what the caller knows already.
package probe
