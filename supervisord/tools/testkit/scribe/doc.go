// Package scribe is a program for which every line can be accounted for: it
// numbers what it writes, and counts in a file what it has written. The count
// outlives it, however it ends. Only tests use it.
package scribe
