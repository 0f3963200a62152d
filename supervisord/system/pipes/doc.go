// Package pipes makes pipes and changes their capacity, with plain descriptors.
//
// It has no goroutines. Every descriptor that it returns belongs to the caller and is
// closed on exec.
package pipes
