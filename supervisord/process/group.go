package process

import (
	"cmp"
	"slices"

	"supervisor/supervisord/config"
)

// Group is a set of processes that are configured together. It never changes: a new
// configuration makes a new group.
type Group struct {
	Config    *config.Group
	Processes []*Process // as configured
}

// Process returns the process of that name, nil if there is none.
func (g *Group) Process(name string) *Process {
	for _, p := range g.Processes {
		if p.Config.Name == name {
			return p
		}
	}
	return nil
}

// ByPriority returns the processes by ascending priority, and by name if that is
// equal: the order of calls to a whole group.
func (g *Group) ByPriority() []*Process {
	return slices.SortedFunc(slices.Values(g.Processes), func(a, b *Process) int {
		return cmp.Or(
			cmp.Compare(a.CurrentConfig().Priority, b.CurrentConfig().Priority),
			cmp.Compare(a.Config.Name, b.Config.Name),
		)
	})
}

// AllStopped reports whether every process is in a stopped state.
func (g *Group) AllStopped() bool {
	return !slices.ContainsFunc(g.Processes, func(p *Process) bool { return !p.Status().State.IsStopped() })
}
