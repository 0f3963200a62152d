// Package shlex splits text into words exactly like Python's shlex module in POSIX
// mode: Split for command lines, Tokens for the KEY=value lists of environment=.
//
// It has no state: text in, words out.
//
// Bytes that are not UTF-8 pass unchanged.
package shlex
