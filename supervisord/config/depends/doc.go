// Package depends is a graph of who needs whom.
//
// It is made of names, and knows nothing of what they stand for: those who read
// a configuration look for cycles in it, those who start and stop programs ask
// it for an order, those who draw take it as Graphviz's text. A graph that is
// complete is never changed, and may be read from anywhere. All orders follow
// from the graph and from the order in which names were added, so that the same
// configuration always has the same ones.
package depends
