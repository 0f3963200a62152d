// Package api holds the structs that both sides of the wire share. The json
// tags are the wire names; XML-RPC and JSON-RPC both go by them, and the order
// of the fields is the order of the members in an XML-RPC struct.
package api
