// Package xmlrpc is the wire that Supervisor speaks: XML-RPC values and
// messages in the exact layout of Python's xmlrpc.client, and a client for
// http:// and unix:// addresses.
//
// What is written is always well-formed XML in UTF-8, whatever the strings
// hold: characters that XML forbids and bytes that are not UTF-8 become U+FFFD,
// and integers are held to the 32 bits that the standard allows. What is read
// may come from anybody: document types and entities of one's own are refused,
// and depth and number of elements are bounded, so that a hostile document
// costs no more than reading past it.
//
// Values are Go's own: bool, any integer, string, float64, time.Time, slices,
// map[string]any, structs by their json tags, and nil. The package starts no
// goroutines that outlive a call.
package xmlrpc
