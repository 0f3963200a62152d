// Package groups is the table of the groups in use, with the goroutines of their
// processes.
//
// A group and its processes are values that never change. Where a process is added to a
// group in use, or taken out, another value of the group takes its place in the table.
// The supervisor's Run is the only caller that changes the table; a mutex guards it, so
// that readers need not ask Run. Nothing blocks under the mutex.
//
// The index by name and the graph of dependencies follow from the groups. They are made
// when they are first wanted after a change, and then never changed. A list that a reader
// has got stays as it is. NextChange must be called before the look that it is to
// supplement: then no change is missed.
package groups
