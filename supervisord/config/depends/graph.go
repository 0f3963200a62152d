package depends

import (
	"fmt"
	"slices"
	"strings"
)

// Edge tells that one needs another.
type Edge struct {
	From, To string
	// Condition is how far To must have come, in a word.
	Condition string
	Soft      bool // From does without if need be
	Together  bool // From is restarted with To
}

// String returns the edge as it is written in a configuration: db:ready?.
func (e Edge) String() string {
	text := e.To
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

// Graph is a set of names and of edges between them. The zero value is empty.
type Graph struct {
	names    []string // in the order of their addition
	index    map[string]int
	needs    map[string][]Edge
	neededBy map[string][]Edge
}

// Add adds names. One that is there already stays where it is.
func (g *Graph) Add(names ...string) {
	if g.index == nil {
		g.index = make(map[string]int)
		g.needs, g.neededBy = make(map[string][]Edge), make(map[string][]Edge)
	}
	for _, n := range names {
		if _, is := g.index[n]; !is {
			g.index[n] = len(g.names)
			g.names = append(g.names, n)
		}
	}
}

// Connect adds an edge, and its ends if they are new.
func (g *Graph) Connect(e Edge) {
	g.Add(e.From, e.To)
	g.needs[e.From] = append(g.needs[e.From], e)
	g.neededBy[e.To] = append(g.neededBy[e.To], e)
}

// Names returns all names in the order of their addition.
func (g *Graph) Names() []string { return slices.Clone(g.names) }

// Has tells whether a name is there.
func (g *Graph) Has(name string) bool { _, is := g.index[name]; return is }

// Needs returns what a name needs, NeededBy who needs it, in the order of
// their addition.
func (g *Graph) Needs(name string) []Edge { return slices.Clone(g.needs[name]) }

// NeededBy is told of at Needs.
func (g *Graph) NeededBy(name string) []Edge { return slices.Clone(g.neededBy[name]) }

// Cycle returns the names of a cycle, the first one again at the end, nil if
// there is none. It begins with the name that was added first.
func (g *Graph) Cycle() []string {
	const (
		unvisited = iota
		onPath
		visited
	)
	state := make(map[string]int, len(g.names))
	var path, cycle []string
	var visit func(string) bool
	visit = func(name string) bool {
		state[name], path = onPath, append(path, name)
		for _, e := range g.needs[name] {
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
		state[name], path = visited, path[:len(path)-1]
		return false
	}
	for _, name := range g.names {
		if state[name] == unvisited && visit(name) {
			return g.normalizeCycle(cycle)
		}
	}
	return nil
}

// normalizeCycle turns a cycle so that it begins with the name that was added first.
func (g *Graph) normalizeCycle(cycle []string) []string {
	first := 0
	for i, name := range cycle {
		if g.index[name] < g.index[cycle[first]] {
			first = i
		}
	}
	cycle = slices.Concat(cycle[first:], cycle[:first])
	return append(cycle, cycle[0])
}

// Order returns all names, each after all that it needs, and otherwise in the
// order of their addition: the order of starts. Of a graph with a cycle it
// returns some order.
func (g *Graph) Order() []string { return g.Closure(g.names...) }

// ReverseOrder returns all names, each after all that need it, and otherwise in the
// order opposite to that of their addition: the order of stops.
func (g *Graph) ReverseOrder() []string {
	order := g.Order()
	slices.Reverse(order)
	return order
}

// Closure returns the names and all that they need, and what those need, each
// after all that it needs itself.
func (g *Graph) Closure(names ...string) []string {
	var order []string
	seen := make(map[string]bool)
	var visit func(string)
	visit = func(name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		for _, e := range g.needs[name] {
			visit(e.To)
		}
		order = append(order, name)
	}
	for _, name := range names {
		visit(name)
	}
	return order
}

// Dot returns the graph in the language of Graphviz. The arrows go from those
// who need to what they need; dashed is what they can do without, bold what
// takes them along when it is restarted. Label returns what is written into the
// box of a name, nil for the name itself.
func (g *Graph) Dot(label func(name string) string) string {
	if label == nil {
		label = func(name string) string { return name }
	}
	var b strings.Builder
	b.WriteString("digraph supervisord {\n\trankdir=LR;\n\tnode [shape=box];\n")
	for _, name := range g.names {
		fmt.Fprintf(&b, "\t%s", quote(name))
		if l := label(name); l != name {
			fmt.Fprintf(&b, " [label=%s]", quote(l))
		}
		b.WriteString(";\n")
	}
	for _, name := range g.names {
		for _, e := range g.needs[name] {
			var style string
			switch {
			case e.Soft:
				style = ", style=dashed"
			case e.Together:
				style = ", style=bold"
			}
			fmt.Fprintf(&b, "\t%s -> %s [label=%s%s];\n", quote(e.From), quote(e.To), quote(e.Condition), style)
		}
	}
	b.WriteString("}\n")
	return b.String()
}

// quote writes a string of Graphviz's, in which a backslash before an n or l has
// a meaning of its own.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}
