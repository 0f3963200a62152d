// Package descriptors passes open descriptors by key to a program that this process
// executes next.
//
// A Set owns its descriptors until their owner takes them. It has no goroutines and is
// not safe for concurrent use.
//
// A key means the same in every version of the program. What nobody takes is closed.
package descriptors
