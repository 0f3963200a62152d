// Package xmlrpc implements the protocol that Supervisor speaks: XML-RPC values and
// messages in the exact layout of Python's xmlrpc.client, and a client for http:// and
// unix:// addresses. Values are Go's own: bool, any integer, string, float64,
// time.Time, slices, map[string]any, structs by their json tags, and nil.
//
// A Client belongs to one goroutine at a time; an Encoder may be used by many. The
// package starts no goroutine that outlives a call.
//
// What is encoded is always well-formed XML in UTF-8: characters that XML forbids and
// bytes that are not UTF-8 become U+FFFD, and integers saturate at the 32 bits of the
// standard. What is decoded may come from anyone: document types and their entities
// have no effect, and depth and number of elements are bounded, so that a hostile
// document costs no more than reading past it.
package xmlrpc
