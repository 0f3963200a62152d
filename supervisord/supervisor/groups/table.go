package groups

import (
	"cmp"
	"slices"
	"sync"

	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor/order"
)

// Table is the groups in use. Its methods may be called from anywhere and never block.
type Table struct {
	onChange func() // called under mu

	mu      sync.RWMutex
	list    []*Active // in order of activation; never changed in place
	named   map[string]*Active
	index   *index                         // nil until wanted
	graph   *order.Graph[*process.Process] // nil until wanted
	changed chan struct{}                  // closed with the next change, nil until wanted
}

// NewTable returns an empty table. onChange is called after each change. It must neither
// block nor call the table.
func NewTable(onChange func()) *Table {
	return &Table{onChange: onChange, named: make(map[string]*Active)}
}

// List returns the groups in order of activation. The slice must not be changed.
func (t *Table) List() []*Active {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.list
}

// Find returns the group of that name, nil if there is none.
func (t *Table) Find(name string) *Active {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.named[name]
}

// ByPriority returns the groups by ascending priority, equal ones in order of activation.
func (t *Table) ByPriority() []*Active {
	return slices.SortedStableFunc(slices.Values(t.List()), func(a, b *Active) int {
		return cmp.Compare(a.Config.Priority, b.Config.Priority)
	})
}

// Processes returns all processes: groups by priority, inside each by priority and name.
func (t *Table) Processes() []*process.Process {
	var all []*process.Process
	for _, g := range t.ByPriority() {
		all = append(all, g.ByPriority()...)
	}
	return all
}

// Add puts a group to use.
func (t *Table) Add(a *Active) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.list = append(t.list, a) // a reader's slice ends before it
	t.named[a.Config.Name] = a
	t.change()
}

// Remove takes a group out of use.
func (t *Table) Remove(a *Active) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.list = slices.DeleteFunc(slices.Clone(t.list), func(g *Active) bool { return g == a })
	delete(t.named, a.Config.Name)
	t.change()
}

// Replace puts another value of a group in its place.
func (t *Table) Replace(old *Active, group *process.Group) {
	fresh := *old
	fresh.Group = group
	t.mu.Lock()
	defer t.mu.Unlock()
	t.list = slices.Clone(t.list)
	t.list[slices.Index(t.list, old)] = &fresh
	t.named[group.Config.Name] = &fresh
	t.change()
}

// change forgets what followed from the groups as they were. The caller holds mu.
func (t *Table) change() {
	t.index, t.graph = nil, nil
	if t.changed != nil {
		close(t.changed)
		t.changed = nil
	}
	t.onChange()
}

// NextChange returns a channel that is closed with the next change.
func (t *Table) NextChange() <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.changed == nil {
		t.changed = make(chan struct{})
	}
	return t.changed
}

// Sorted returns all processes by group and name. The slice must not be changed.
func (t *Table) Sorted() []*process.Process { return t.indexed().sorted }

// Process returns the process of that name, nil if there is none.
func (t *Table) Process(spec namespec.Spec) *process.Process { return t.indexed().named[spec] }

// index finds the processes of all groups.
type index struct {
	sorted []*process.Process // by group and name
	named  map[namespec.Spec]*process.Process
}

func newIndex(groups []*Active) *index {
	x := &index{named: make(map[namespec.Spec]*process.Process)}
	for _, g := range groups {
		for _, p := range g.Processes {
			x.named[namespec.Spec{Group: g.Config.Name, Process: p.Config.Name}] = p
		}
		x.sorted = append(x.sorted, g.Processes...)
	}
	slices.SortStableFunc(x.sorted, func(a, b *process.Process) int {
		return cmp.Or(cmp.Compare(a.Config.Group, b.Config.Group), cmp.Compare(a.Config.Name, b.Config.Name))
	})
	return x
}

func (t *Table) indexed() *index {
	t.mu.RLock()
	x := t.index
	t.mu.RUnlock()
	if x != nil {
		return x
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.index == nil {
		t.index = newIndex(t.list)
	}
	return t.index
}

// Graph returns the dependencies among the processes.
func (t *Table) Graph() *order.Graph[*process.Process] {
	t.mu.RLock()
	g := t.graph
	t.mu.RUnlock()
	if g != nil {
		return g
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.graph == nil {
		var all []*process.Process
		for _, g := range t.list {
			all = append(all, g.Processes...)
		}
		t.graph = order.New(all)
	}
	return t.graph
}
