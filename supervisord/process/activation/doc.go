// Package activation keeps the sockets of [socket:x] open, on which the daemon
// listens and programs accept.
//
// A Set opens a socket when the first program that wants it is about to be born,
// and from then on it stays open, whatever becomes of the programs: who connects
// meanwhile waits. It is closed when no configuration names it any more, or at
// the daemon's end. There is at most one socket of an address; a section that
// has changed, but not its address, goes on with the socket that there is.
//
// A program gets its sockets by the protocol of sd_listen_fds(3): descriptors
// from 3 on, their number in LISTEN_FDS, their names in LISTEN_FDNAMES, its own
// pid in LISTEN_PID. They block, unless somebody who is alive has the same one
// and has made it not block: that holds for all who share it.
//
// After a crash of the daemon the next one finds the socket among the
// descriptors of a child that has outlived it (Recover), so that none that waits
// to be accepted is lost. Before an upgrade it is handed over (Bequeath).
//
// There are no goroutines. Methods may be called from anywhere; a name in an
// address is looked up for patience at most, which is the only thing that blocks.
package activation
