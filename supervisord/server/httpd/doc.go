// Package httpd serves the daemon's doors on its TCP and unix sockets.
//
// Listen binds everything that is configured, so that a second daemon is found
// out before the first has come to harm; Serve then answers until its context
// ends. Every listener serves the same routes, each behind its own
// credentials, and nothing is routed before they were checked.
//
// A request runs in a goroutine of its own, and its context ends when the
// client hangs up. Headers and bodies must come within time and limits, but
// nothing limits how long an answer may take: a client may wait for a program
// to start for as long as that takes. On shutdown log streams end at once;
// calls that are about to be answered are given a moment.
//
// Another binary can go on with all connections (handover.go). Each knows what has
// been read from it and not been executed (conn.go), and that goes along, so that
// each request is executed once.
//
// On unix sockets small calls take a shortcut past net/http, with the same
// handlers behind the same credentials (shortcut.go). What it does not know for
// certain it hands to net/http.
//
// Clients of Supervisor send requests that net/http refuses, above all with a Host
// that is none. Those whose end is certain are rewritten before it reads them
// (tolerant.go, head.go). A TCP server without credentials answers only for host
// names of its own (hosts.go).
//
// A handler refuses by setting a status and no more. The page that goes with
// it is Supervisor's and is added here.
package httpd
