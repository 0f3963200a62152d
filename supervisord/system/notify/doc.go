// Package notify hears what programs tell of themselves: in the words of
// sd_notify, and by s6's newline.
//
// The protocol of sd_notify is systemd's: a program that finds NOTIFY_SOCKET in
// its environment sends datagrams of NAME=value lines there. Each program that
// is asked to has a socket of its own, in a directory of the daemon's and owned
// by the user that the program runs as, so who may speak is a matter of the
// file's rights, and for whom is a matter of its name. The kernel says who has
// sent a datagram; whoever uses this package decides whether that is one of the
// program's processes.
//
// Why a file and not a name in the abstract namespace, which needs no cleaning
// up: such a name has no owner and no rights, anybody may take it while the
// daemon is away, and it means nothing to a program in another network namespace.
// A file has the same path after a crash, which is all that programs know: they
// open a socket for each message. What is sent while there is no daemon is lost.
// Over an upgrade the sockets stay open.
//
// s6's way is a pipe: a newline means ready. The program holds both ends, as it
// does of its stdout, so that its own newline can neither be lost nor kill it
// while there is no daemon.
//
// All sockets and pipes are in one epoll set, for which one goroutine waits,
// Hub.Run. It passes on what it hears, in the order in which it came, to a
// function that must not block.
package notify
