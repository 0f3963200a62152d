// Package probe asks whether something answers: a web server, a FastCGI server,
// a socket, a command, a file.
//
// A probe asks once and tells what it found out. Whether and when to ask again,
// and what is to be done about the answer, is the caller's business. It starts
// no goroutine that outlives the call, keeps no connection, and ends soon after
// its context does, whatever the other side does or leaves undone.
//
// Errors are one line, fit for a column of a table: the cause first, without
// what the caller knows anyway.
package probe
