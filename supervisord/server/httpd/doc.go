// Package httpd serves HTTP on the daemon's TCP and unix sockets: it accepts
// connections, checks credentials and host names, and routes requests to the RPC
// handler, the log streams and the web pages. A handler refuses a request by setting
// a status; httpd adds Supervisor's page to it.
//
// Listen binds all configured sockets, so that a second daemon fails before it has
// done any harm; Servers owns them until Close. Serve answers until its context ends.
// Each request runs in a goroutine of its own, whose context ends when the client
// hangs up. Package conns keeps the connections, package tolerant makes net/http
// accept what Supervisor accepts, and package fastpath answers small calls on unix
// sockets without net/http.
//
// No request is routed before its credentials were checked. Heads and bodies must
// arrive within time and size limits, but an answer may take as long as it takes: a
// client may wait for a program to start. On shutdown log streams end at once, and
// calls get a moment to complete. After Pause and Save another binary can continue with
// all sockets and connections, and each request is executed exactly once.
package httpd
