package depends

import (
	"fmt"
	"slices"
)

// Edge says that From depends on To.
type Edge[K comparable] struct {
	From, To K
	// Condition is how far To must have come, in a word.
	Condition string
	Soft      bool // From starts without To if it has to
	Together  bool // From is restarted with To
}

// String returns the edge as it is written in a configuration: db:ready?.
func (e Edge[K]) String() string {
	text := fmt.Sprint(e.To)
	if e.Condition != "" {
		text += ":" + e.Condition
	}
	if e.Soft {
		text += "?"
	}
	if e.Together {
		text += "!"
	}
	return text
}

// Graph is a set of nodes and of edges between them. The zero value is empty.
type Graph[K comparable] struct {
	nodes        []K // in the order of their addition
	index        map[K]int
	dependencies map[K][]Edge[K] // that start at a node
	dependents   map[K][]Edge[K] // that end at a node
}

// Add adds nodes. One that is there already stays where it is.
func (g *Graph[K]) Add(nodes ...K) {
	if g.index == nil {
		g.index = make(map[K]int)
		g.dependencies, g.dependents = make(map[K][]Edge[K]), make(map[K][]Edge[K])
	}
	for _, n := range nodes {
		if _, exists := g.index[n]; !exists {
			g.index[n] = len(g.nodes)
			g.nodes = append(g.nodes, n)
		}
	}
}

// Connect adds an edge, and its ends if they are new.
func (g *Graph[K]) Connect(e Edge[K]) {
	g.Add(e.From, e.To)
	g.dependencies[e.From] = append(g.dependencies[e.From], e)
	g.dependents[e.To] = append(g.dependents[e.To], e)
}

// Cycle returns the nodes of a cycle, the first one again at the end, nil if there is
// none. It begins with the node that was added first.
func (g *Graph[K]) Cycle() []K {
	const (
		unvisited = iota
		onPath
		visited
	)
	state := make(map[K]int, len(g.nodes))
	var path, cycle []K
	var visit func(K) bool
	visit = func(n K) bool {
		state[n], path = onPath, append(path, n)
		for _, e := range g.dependencies[n] {
			switch state[e.To] {
			case onPath:
				cycle = slices.Clone(path[slices.Index(path, e.To):])
				return true
			case unvisited:
				if visit(e.To) {
					return true
				}
			}
		}
		state[n], path = visited, path[:len(path)-1]
		return false
	}
	for _, n := range g.nodes {
		if state[n] == unvisited && visit(n) {
			return g.normalizeCycle(cycle)
		}
	}
	return nil
}

// normalizeCycle turns a cycle so that it begins with the node that was added first.
func (g *Graph[K]) normalizeCycle(cycle []K) []K {
	first := 0
	for i, n := range cycle {
		if g.index[n] < g.index[cycle[first]] {
			first = i
		}
	}
	cycle = slices.Concat(cycle[first:], cycle[:first])
	return append(cycle, cycle[0])
}

// Closure returns the nodes and everything that they depend on, directly or not, each
// after all its dependencies and otherwise in the order given. Nodes of a cycle come in
// some order. Closure of all nodes is an order of starts.
func (g *Graph[K]) Closure(nodes ...K) []K {
	var order []K
	seen := make(map[K]bool)
	var visit func(K)
	visit = func(n K) {
		if seen[n] {
			return
		}
		seen[n] = true
		for _, e := range g.dependencies[n] {
			visit(e.To)
		}
		order = append(order, n)
	}
	for _, n := range nodes {
		visit(n)
	}
	return order
}

// Dependents returns everything that depends on a node, directly or not. The node is
// itself among them if it is part of a cycle.
func (g *Graph[K]) Dependents(n K) map[K]bool {
	all := make(map[K]bool)
	var visit func(K)
	visit = func(n K) {
		for _, e := range g.dependents[n] {
			if !all[e.From] {
				all[e.From] = true
				visit(e.From)
			}
		}
	}
	visit(n)
	return all
}

// HasEdges reports whether anything depends on anything.
func (g *Graph[K]) HasEdges() bool { return len(g.dependents) > 0 }
