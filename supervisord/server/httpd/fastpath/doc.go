// Package fastpath answers the one kind of request that a unix socket mostly gets,
// without net/http: a small POST to /RPC2 that is there at once. net/http uses
// several goroutines and as many thread switches for each request, which is two
// thirds of the time that such a call takes.
//
// A Server accepts the connections of one socket. Each is owned by one goroutine, a
// session, until it has anything else on it, even an unusual header: then net/http
// gets it from the Fallback listener, unchanged and for good. A second goroutine
// exists only while a handler waits for the client to hang up.
//
// The package decides nothing by itself: the same handler gets the same
// *http.Request as from net/http, and the client gets the same answer. Shutdown
// returns when all sessions have ended.
package fastpath
