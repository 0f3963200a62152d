// Package depends is the one graph of dependencies. Reading a configuration looks for
// cycles in it, supervisor/order takes start and stop orders from it, supervisorctl
// draws it.
//
// A node is any comparable value: a name, or a process. The package knows nothing
// about what a node stands for. It has no goroutines and no locks: a graph that is
// complete never changes, and may then be read from anywhere.
//
// All results follow from the edges and from the order in which nodes and edges were
// added, so the same configuration always has the same orders.
package depends
