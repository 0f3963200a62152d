// Package bound makes listening sockets: it chooses the address of a name, gives
// the file of a unix socket its owner and mode before anybody can connect, and
// knows a file that it has made from one that somebody else has put in its place.
//
// A socket is a bare descriptor that blocks and that no child inherits by
// accident. It is no *os.File, because those that do not block are watched by
// the runtime: the daemon would wake up for each connection that a child accepts.
//
// There are no goroutines. A function blocks only where a name has to be looked
// up, as long as its context allows.
package bound
