// Package pidproxy lets supervisord control a daemon that puts itself into the
// background: supervisord starts and signals the proxy. The proxy runs the command that
// starts the daemon, and forwards signals to the pid in the daemon's pidfile.
//
// Main owns the command and one goroutine that waits for it. Both end with the process.
//
// The pidfile is read for each signal, because the daemon may have replaced itself in
// the meantime.
package pidproxy
