// Package recovery finds what an earlier daemon left, so that the next one goes on
// with the same programs. There are two sources. A daemon that was upgraded hands
// over the state of everything it had, and its descriptors (Handover). A daemon
// that crashed left a journal, and children that can be found in /proc. Both lead
// to the same Saved: a process.Saved for each process, by name.
//
// Claim runs once, before anything is started, and blocks while it reads the journal
// and /proc. The journal's Writer is the only goroutine; its owner starts it when
// all children have been adopted. Until then the earlier journal is the only one
// that lists them all.
//
// A child of an earlier daemon is adopted only if it is certain that it is one. The
// start of a process whose child may be alive is blocked instead. A handover of the
// version before this one is understood, and so is every journal. Descriptors that
// the next daemon does not take are closed.
package recovery
