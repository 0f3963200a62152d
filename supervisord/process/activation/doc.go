// Package activation keeps the sockets of [socket:x] sections open, on which the daemon
// listens and programs accept.
//
// A Set opens a socket when the first program that needs it is about to be spawned. From
// then on the socket stays open while its programs stop and start; clients that connect
// meanwhile wait. It is closed when no configuration names it any more, or at the daemon's
// end. There is at most one socket of an address; a section that has changed, but not its
// address, keeps the open socket. There are no goroutines. Methods may be called from
// anywhere; only the lookup of a name blocks, for sockets.LookupTimeout at most.
//
// A program gets its sockets by the protocol of sd_listen_fds(3): descriptors from 3 on,
// their number in LISTEN_FDS, their names in LISTEN_FDNAMES, its own pid in LISTEN_PID.
// They block, unless a living process with the same socket has made it non-blocking: that
// holds for all who share it. After a crash of the daemon the next one finds the socket
// among the descriptors of a child that survived (Recover), so that no waiting client is
// lost. An upgrade hands it over (HandOver).
package activation
