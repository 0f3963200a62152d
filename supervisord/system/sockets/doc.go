// Package sockets makes listening sockets. It finds the address of a name, sets
// the owner and the mode of a unix socket before a client can connect, and
// recognises the file of a socket after another program has replaced it.
//
// A socket is a bare descriptor that blocks and that children do not inherit by
// accident. It is not an *os.File, because the runtime polls a file that does not
// block: the daemon would wake up for each connection that a child accepts.
// Only Linked returns a net.Listener, for servers of the daemon itself. A Shared
// socket belongs to the processes of one program and closes with the last one.
//
// The package starts no goroutines. A function blocks only while it looks up a
// name, as long as its context allows or LookupTimeout at most.
package sockets
