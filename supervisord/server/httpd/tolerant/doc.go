// Package tolerant lets net/http serve the clients of Supervisor, whose requests
// it would refuse. Many of them send a Host that is not a host name, such as the
// path of a socket; Supervisor's own server, medusa, hardly looks at it.
//
// Listener wraps each connection in a Conn. A Conn belongs to the goroutine of
// net/http that reads from it. It finds the end of each request head (HeadScanner),
// rewrites the head to a form that net/http accepts, and passes the body through.
//
// Only requests whose end is certain are rewritten. If two readers could disagree
// about where a body ends, net/http gets the request unchanged and refuses it.
// Bytes of a body are never lost, added or moved, and a Read never returns parts of
// two requests.
package tolerant
