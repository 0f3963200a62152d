// Package rpc answers the calls of clients at /RPC2: it decodes a call, calls the
// supervisor or another of the Services, and encodes the answer. Two codecs reach the
// same methods, with the same results and faults: XML-RPC, which is Supervisor's own,
// and JSON-RPC 2.0 for clients whose Content-Type says so.
//
// The package owns no goroutine and keeps no state between calls, except buffers. A
// call runs in the goroutine of its request, and ends early when the client hangs up.
//
// The methods are one closed table. No name that a client sends is looked up
// anywhere else, by reflection or otherwise. The methods of the namespace system
// (listMethods and its like) answer from the same table. A namespace can also offer
// the methods of the plug-in supervisor_twiddler.
package rpc
