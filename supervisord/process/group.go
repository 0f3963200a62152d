package process

import (
	"cmp"
	"slices"

	"supervisor/supervisord/config"
)

// Group is a set of processes that were configured together. It is never
// changed: a new configuration makes a new group.
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

// ByPriority returns the processes by ascending priority, equal ones by name: the
// order of calls that concern a whole group.
func (g *Group) ByPriority() []*Process {
	return slices.SortedFunc(slices.Values(g.Processes), func(a, b *Process) int {
		return cmp.Or(
			cmp.Compare(a.CurrentConfig().Priority, b.CurrentConfig().Priority),
			cmp.Compare(a.Config.Name, b.Config.Name),
		)
	})
}

// AllStopped tells whether every process is stopped, in one way or another.
func (g *Group) AllStopped() bool {
	return !slices.ContainsFunc(g.Processes, func(p *Process) bool { return !p.Status().State.IsStopped() })
}
