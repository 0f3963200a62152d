// Package hostheader reads the Host header of requests as freely as Supervisor
// does: clients and proxies put paths, URLs and socket names there.
//
// Encode and Decode carry such a value through parsers that accept host names
// only; Base, Path, Authority and Name find the parts of it. All functions are pure.
package hostheader
