// Package shlex splits text into words exactly as Python's shlex module does
// in POSIX mode. Supervisor uses it twice: Split takes command lines apart,
// Tokens the KEY=value lists of environment=.
//
// It is a leaf: text in, words out. Bytes that are not UTF-8 pass unchanged.
package shlex
