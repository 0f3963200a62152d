// Package survivors finds processes that outlived the daemon that started them, for the
// case that no record names them.
//
// It has no goroutines and keeps nothing: each call reads all of /proc.
//
// A Survivor only looks like the child of an earlier daemon. The caller decides whether
// it is one of its own. On systems other than Linux none is found.
package survivors
