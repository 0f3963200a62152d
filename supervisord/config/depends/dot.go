package depends

import (
	"fmt"
	"strings"
)

// Dot returns a graph in the language of Graphviz. The arrows point to dependencies;
// dashed ones are soft, bold ones restart together. Label returns the text of the box
// of a node; if it is nil the box shows the name.
func Dot(g *Graph[string], label func(name string) string) string {
	if label == nil {
		label = func(name string) string { return name }
	}
	var b strings.Builder
	b.WriteString("digraph supervisord {\n\trankdir=LR;\n\tnode [shape=box];\n")
	for _, name := range g.nodes {
		fmt.Fprintf(&b, "\t%s", quote(name))
		if l := label(name); l != name {
			fmt.Fprintf(&b, " [label=%s]", quote(l))
		}
		b.WriteString(";\n")
	}
	for _, name := range g.nodes {
		for _, e := range g.dependencies[name] {
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

// quote returns a string of Graphviz's. In those \n and \l have a meaning, so that a
// backslash has to be escaped.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(s) + `"`
}
