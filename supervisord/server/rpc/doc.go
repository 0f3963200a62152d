// Package rpc is the door through which clients call the daemon: it unpacks a
// call, carries it to the supervisor, and packs the answer.
//
// Two codecs share the door. XML-RPC is Supervisor's own; JSON-RPC 2.0 answers
// whoever says in Content-Type that he sends JSON. Both reach the same methods
// with the same results and the same faults.
//
// There is one closed table of methods. Names are looked up in it and nowhere
// else: no name that a client sends ever meets reflection. The system methods
// (listMethods and its kind) are told by the table too. A namespace of its own
// offers what the plug-in supervisor_twiddler does.
//
// A call runs in the goroutine of its request and ends early when the client
// hangs up. Nothing here is kept between calls.
package rpc
