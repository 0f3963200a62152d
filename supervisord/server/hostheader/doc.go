// Package hostheader parses the Host header of requests as tolerantly as Supervisor
// does: clients and proxies put paths, URLs and socket names there.
//
// Encode and Decode carry such a value through parsers that accept only host names;
// Base, Path, Authority and Name return its parts.
//
// All functions are pure and may be called from any goroutine.
package hostheader
