// Package conns keeps the connections of an HTTP server in a form that another binary
// can take over, and bounds their number.
//
// A Set has all connections of one listening socket, and hands them to the server by
// its Listener. Each Conn belongs to the goroutines of the server that read from it
// and write to it; what the Set needs to know of it is guarded by the Set's lock. A
// Limiter belongs to all listeners that share its bound.
//
// Pause parks the connections: no further request is executed, and those under way
// are completed. Park then returns the descriptors, together with the bytes that
// were read from them and not executed, so that each request is executed exactly
// once, here or by the next binary. Resume ends the pause instead. All methods may be
// called from any goroutine; only Park and reading from a Conn block.
package conns
