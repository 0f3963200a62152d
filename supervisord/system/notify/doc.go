// Package notify receives what programs report about themselves, by the sd_notify protocol or
// by s6's newline.
//
// The sd_notify protocol is systemd's: a program with NOTIFY_SOCKET in its environment sends
// datagrams of NAME=value lines there. Each program that uses it has a socket of its own, in
// a directory of the daemon's, owned by the user that the program runs as. So the file's mode
// says who may send, and its name says for which program. The kernel says which process has
// sent a datagram; the caller decides whether that is one of the program's. s6's way is a
// pipe: a newline means ready. The program holds both ends, as it does of its stdout, so that
// its newline neither gets lost nor kills it while there is no daemon.
//
// A socket is a file and no name in the abstract namespace. Such a name would need no removal,
// but it has no owner and no mode, any process may take it while the daemon is not running,
// and it means nothing to a program in another network namespace. A file has the same path
// after a crash, and the path is all that programs know: they open a socket for each message.
// What they send while there is no daemon is lost. An upgrade keeps the sockets open.
//
// All sockets and pipes are in one epoll set. The goroutine of Receiver.Run waits for it and
// calls the caller's function for each notification, in order of arrival; the function must
// not block. The other methods may be called from anywhere.
package notify
