// Package source holds what a configuration is read from: the host and the
// texts of files. A Host is captured once at start, so that reading the same
// files again means the same, whatever the daemon did to itself in between. A
// Snapshot keeps the answers of the host and the texts of the files, also
// across processes.
//
// The package starts no goroutines. A Host must not be changed while it is in
// use; a Snapshot has a mutex and may be used from anywhere.
//
// A read may block while nothing writes to a FIFO that is named as a file.
// Nothing else in the package blocks.
package source
