// Package pidproxy stands in for a daemon that goes into the background by
// itself, so that supervisord can control it all the same.
//
// The proxy is what supervisord starts and signals. It runs the command that
// starts the daemon and passes the signals on to the pid that the daemon has
// written to its pidfile. The file is read for each signal, because the daemon
// may have replaced itself meanwhile.
//
// Main has one goroutine of its own, which waits for the command, and ends
// with the process.
package pidproxy
