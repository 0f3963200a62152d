package groups

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/config"
	"supervisor/supervisord/events"
	"supervisor/supervisord/process"
)

// newGroup makes a group of processes whose goroutines do nothing.
func newGroup(t *testing.T, name string, priority int, processes ...string) *Active {
	t.Helper()
	g := &process.Group{Config: &config.Group{Name: name, Priority: priority}}
	for _, p := range processes {
		g.Processes = append(g.Processes, newProcess(name, p))
	}
	return NewActive(t.Context(), g, func(context.Context, *process.Process) {})
}

func newProcess(group, name string) *process.Process {
	return process.New(process.Options{
		Config: &config.Process{Group: group, Name: name, Program: name}, Events: new(events.Bus), Log: slog.New(slog.DiscardHandler),
	})
}

func names(list []*process.Process) string {
	var words []string
	for _, p := range list {
		words = append(words, p.FullName())
	}
	return strings.Join(words, " ")
}

func TestOrders(t *testing.T) {
	t.Parallel()
	table := NewTable(func() {})
	table.Add(newGroup(t, "late", 9, "b", "a"))
	table.Add(newGroup(t, "early", 1, "z"))
	table.Add(newGroup(t, "also", 1, "y"))
	if got := names(table.Processes()); got != "early:z also:y late:a late:b" {
		t.Errorf("by priority: %s", got)
	}
	if got := names(table.Sorted()); got != "also:y early:z late:a late:b" {
		t.Errorf("by name: %s", got)
	}
	if p := table.Process(namespec.Spec{Group: "late", Process: "b"}); p == nil || p.Config.Name != "b" {
		t.Errorf("late:b is %v", p)
	}
	if table.Process(namespec.Spec{Group: "late", Process: "c"}) != nil || table.Find("none") != nil {
		t.Error("something is found that does not exist")
	}
}

// TestReadersKeepTheirLists: no change affects what a reader has got before.
func TestReadersKeepTheirLists(t *testing.T) {
	t.Parallel()
	changes := 0
	table := NewTable(func() { changes++ })
	a, b := newGroup(t, "a", 1, "a"), newGroup(t, "b", 1, "b")
	table.Add(a)
	first, sorted := table.List(), table.Sorted()
	table.Add(b)
	second := table.List()
	table.Replace(a, &process.Group{Config: a.Config, Processes: []*process.Process{newProcess("a", "a1"), newProcess("a", "a2")}})
	table.Remove(b)
	if len(first) != 1 || first[0] != a || names(sorted) != "a" {
		t.Errorf("the first list is %v, its processes %s", first, names(sorted))
	}
	if len(second) != 2 || second[0] != a || second[1] != b {
		t.Errorf("the second list is %v", second)
	}
	if got := names(table.Sorted()); got != "a:a1 a:a2" || table.Find("b") != nil {
		t.Errorf("now there are %s", got)
	}
	if changes != 4 {
		t.Errorf("%d changes", changes)
	}
}

func TestNextChange(t *testing.T) {
	t.Parallel()
	table := NewTable(func() {})
	next, same := table.NextChange(), table.NextChange()
	select {
	case <-next:
		t.Error("there was a change before any")
	default:
	}
	table.Add(newGroup(t, "a", 1, "a"))
	for _, c := range []<-chan struct{}{next, same} {
		select {
		case <-c:
		default:
			t.Error("a change is missed")
		}
	}
	select {
	case <-table.NextChange():
		t.Error("one change is reported twice")
	default:
	}
}

// TestGraphFollowsTheGroups: it is made once, and again after a change.
func TestGraphFollowsTheGroups(t *testing.T) {
	t.Parallel()
	table := NewTable(func() {})
	web := newGroup(t, "web", 1, "web")
	web.Processes[0].Config.DependsOn = []config.Dependency{{Name: "db"}}
	table.Add(web)
	first := table.Graph()
	if on := first.Of(web.Processes[0])[0].On; len(on) != 0 {
		t.Errorf("web depends on %s", names(on))
	}
	if table.Graph() != first {
		t.Error("the graph is made again without a change")
	}
	table.Add(newGroup(t, "db", 1, "db"))
	if on := table.Graph().Of(web.Processes[0])[0].On; names(on) != "db" {
		t.Errorf("web depends on %s", names(on))
	}
}

// TestGoroutinesEndWithTheGroup: or earlier, with their process. A value of the group that
// has taken the place of another one has the same goroutines.
func TestGoroutinesEndWithTheGroup(t *testing.T) {
	t.Parallel()
	contexts := make(map[*process.Process]context.Context)
	p, q := newProcess("g", "p"), newProcess("g", "q")
	g := &process.Group{Config: &config.Group{Name: "g"}, Processes: []*process.Process{p, q}}
	a := NewActive(t.Context(), g, func(ctx context.Context, p *process.Process) { contexts[p] = ctx })
	ended := 0
	a.SetPool(nil, func() { ended++ })
	a.Start(p)
	a.Start(q)
	table := NewTable(func() {})
	table.Add(a)
	table.Replace(a, &process.Group{Config: g.Config, Processes: []*process.Process{q}})
	table.Find("g").Stop(p)
	if context.Cause(contexts[p]) != process.ErrRemoved || contexts[q].Err() != nil {
		t.Errorf("after Stop: %v, %v", context.Cause(contexts[p]), contexts[q].Err())
	}
	table.Find("g").End(process.ErrRemoved)
	if context.Cause(contexts[q]) != process.ErrRemoved || ended != 1 {
		t.Errorf("after End: %v, %d", context.Cause(contexts[q]), ended)
	}
}
