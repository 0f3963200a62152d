package depends

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// graph reads "a>b a>c d": a depends on b and c, and d is a node too.
func graph(text string) *Graph[string] {
	g := &Graph[string]{}
	for word := range strings.FieldsSeq(text) {
		from, to, ok := strings.Cut(word, ">")
		if !ok {
			g.Add(from)
			continue
		}
		g.Connect(Edge[string]{From: from, To: to, Condition: "ready"})
	}
	return g
}

func TestCycle(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ graph, want string }{
		{"", ""},
		{"a b", ""},
		{"a>b b>c a>c", ""},
		{"a>b a>c b>d c>d", ""},
		{"a>a", "a -> a"},
		{"a>b b>a", "a -> b -> a"},
		{"x>a a b c>a b>c a>b", "a -> b -> c -> a"},
		{"a b c>b b>c a>c", "b -> c -> b"},
	} {
		if got := strings.Join(graph(tt.graph).Cycle(), " -> "); got != tt.want {
			t.Errorf("the cycle of %s is %q, want %q", tt.graph, got, tt.want)
		}
	}
}

func TestClosureOfAllIsAStartOrder(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ graph, order string }{
		{"", ""},
		{"a b c", "a b c"},
		{"web>db web>cache queue>db", "db cache web queue"},
		{"c b a c>a", "a c b"},
	} {
		g := graph(tt.graph)
		if got := strings.Join(g.Closure(g.nodes...), " "); got != tt.order {
			t.Errorf("the order of %s is %q, want %q", tt.graph, got, tt.order)
		}
	}
}

func TestClosure(t *testing.T) {
	t.Parallel()
	g := graph("web>php php>migrate queue>migrate migrate>db cron")
	for _, tt := range []struct{ of, want string }{
		{"web", "db migrate php web"},
		{"db", "db"},
		{"queue web", "db migrate queue php web"},
		{"cron", "cron"},
	} {
		if got := strings.Join(g.Closure(strings.Fields(tt.of)...), " "); got != tt.want {
			t.Errorf("the closure of %s is %q, want %q", tt.of, got, tt.want)
		}
	}
}

func TestDependents(t *testing.T) {
	t.Parallel()
	g := graph("web>php php>migrate queue>migrate migrate>db a>b b>a")
	for _, tt := range []struct{ of, want string }{
		{"web", "[]"},
		{"migrate", "[php queue web]"},
		{"db", "[migrate php queue web]"},
		{"a", "[a b]"},
		{"unknown", "[]"},
	} {
		if got := fmt.Sprint(slices.Sorted(maps.Keys(g.Dependents(tt.of)))); got != tt.want {
			t.Errorf("the dependents of %s are %s, want %s", tt.of, got, tt.want)
		}
	}
}

func TestEdgeText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		edge Edge[string]
		want string
	}{
		{Edge[string]{To: "db", Condition: "ready", Together: true}, "db:ready!"},
		{Edge[string]{To: "cache", Condition: "started", Soft: true}, "cache:started?"},
		{Edge[string]{To: "job"}, "job"},
	} {
		if got := tt.edge.String(); got != tt.want {
			t.Errorf("%+v is %s, want %s", tt.edge, got, tt.want)
		}
	}
}

func TestDot(t *testing.T) {
	t.Parallel()
	g := &Graph[string]{}
	g.Connect(Edge[string]{From: "web", To: "db", Condition: "ready", Together: true})
	g.Connect(Edge[string]{From: "web", To: `a "b"\n`, Condition: "started", Soft: true})
	g.Connect(Edge[string]{From: "web", To: "job", Condition: "success"})
	want := `digraph supervisord {
	rankdir=LR;
	node [shape=box];
	"web" [label="web\nRUNNING"];
	"db";
	"a \"b\"\\n";
	"job";
	"web" -> "db" [label="ready", style=bold];
	"web" -> "a \"b\"\\n" [label="started", style=dashed];
	"web" -> "job" [label="success"];
}
`
	label := func(name string) string {
		if name == "web" {
			return "web\nRUNNING"
		}
		return name
	}
	if got := Dot(g, label); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestRandomGraphs: an order of a graph without a cycle has each node once, after all
// its dependencies, and what is returned as a cycle is one.
func TestRandomGraphs(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2000) {
		rnd := rand.New(rand.NewPCG(seed, 0))
		g := &Graph[string]{}
		n := 1 + rnd.IntN(12)
		for i := range n {
			g.Add(fmt.Sprint(i))
		}
		for range rnd.IntN(2 * n) {
			g.Connect(Edge[string]{From: fmt.Sprint(rnd.IntN(n)), To: fmt.Sprint(rnd.IntN(n))})
		}
		if cycle := g.Cycle(); cycle != nil {
			checkCycle(t, g, cycle)
			continue
		}
		order := g.Closure(g.nodes...)
		for _, name := range order {
			for _, e := range g.dependencies[name] {
				if slices.Index(order, e.To) >= slices.Index(order, name) {
					t.Errorf("seed %d: %s is not before %s in %v", seed, e.To, name, order)
				}
			}
		}
		slices.Sort(order)
		if len(order) != n || len(slices.Compact(order)) != n {
			t.Errorf("seed %d: the order is %v", seed, order)
		}
	}
}

func checkCycle(t *testing.T, g *Graph[string], cycle []string) {
	t.Helper()
	if len(cycle) < 2 || cycle[0] != cycle[len(cycle)-1] {
		t.Fatalf("%v is not closed", cycle)
	}
	for i, name := range cycle[1:] {
		if !slices.ContainsFunc(g.dependencies[cycle[i]], func(e Edge[string]) bool { return e.To == name }) {
			t.Errorf("%s does not depend on %s", cycle[i], name)
		}
	}
}
