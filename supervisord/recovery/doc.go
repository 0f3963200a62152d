// Package recovery finds what an earlier daemon left, so that the next one goes on with
// the same programs. There are two sources. A daemon that is upgraded hands over the State
// of everything it has, and its descriptors (Handover). A daemon that crashed left a
// journal, and children that are found in /proc. Both lead to the same Claim: a
// process.Saved for each process, by name.
//
// Open runs once in a run of the daemon, before anything is started, and blocks while it
// reads the journal and /proc. The Claim belongs to the goroutine that opened it. Journal
// may be told of changes from anywhere; Journal.Run is the only goroutine of the package,
// and its caller starts it when all children have been adopted.
//
// A child is adopted only if it is certain that the earlier daemon spawned it. While that
// is not certain, its process is not started. Handovers of form 1 and all journals are
// understood. An older binary refuses a newer handover, and reads a newer journal.
package recovery
