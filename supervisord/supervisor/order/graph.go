package order

import (
	"supervisor/supervisord/config"
	"supervisor/supervisord/config/depends"
	"supervisor/supervisord/process"
)

// Process is what is planned with: a *process.Process, or a fake. Config and status
// may be other ones with each call.
type Process interface {
	comparable
	FullName() string
	CurrentConfig() *config.Process
	Status() *process.Status
}

// Dependency is one entry of depends_on= of a process. It is met when all processes
// that it names are in its condition.
type Dependency[P Process] struct {
	config.Dependency
	From P
	On   []P // none while the group is not in use
}

// String returns the dependency as the status shows it: db:ready.
func (d *Dependency[P]) String() string { return d.Name + ":" + d.Condition.String() }

// Graph is the dependencies among the processes in use.
type Graph[P Process] struct {
	graph        depends.Graph[P]
	dependencies map[P][]*Dependency[P]
	dependents   map[P][]*Dependency[P]
}

// New returns the graph of the processes.
func New[P Process](processes []P) *Graph[P] {
	g := &Graph[P]{dependencies: make(map[P][]*Dependency[P]), dependents: make(map[P][]*Dependency[P])}
	configs := make([]*config.Process, len(processes))
	byConfig := make(map[*config.Process]P, len(processes))
	for i, p := range processes {
		configs[i] = p.CurrentConfig()
		byConfig[configs[i]] = p
	}
	targets := make(map[string][]P) // by the name in depends_on=
	for i, p := range processes {
		for _, d := range configs[i].DependsOn {
			on, known := targets[d.Name]
			if !known {
				for _, c := range d.Targets(configs) {
					on = append(on, byConfig[c])
				}
				targets[d.Name] = on
			}
			g.add(&Dependency[P]{d, p, on})
		}
	}
	return g
}

func (g *Graph[P]) add(d *Dependency[P]) {
	g.dependencies[d.From] = append(g.dependencies[d.From], d)
	for _, to := range d.On {
		g.dependents[to] = append(g.dependents[to], d)
		g.graph.Connect(depends.Edge[P]{From: d.From, To: to})
	}
}

// Of returns what a process depends on, in the order of its depends_on=.
func (g *Graph[P]) Of(p P) []*Dependency[P] { return g.dependencies[p] }

// On returns the dependencies that name a process, in the order of the processes.
func (g *Graph[P]) On(p P) []*Dependency[P] { return g.dependents[p] }

// HasDependents reports whether any process depends on another.
func (g *Graph[P]) HasDependents() bool { return g.graph.HasEdges() }

// StartOrder returns processes in the order of their starts: each after those of the
// list that it depends on, otherwise in their order.
func (g *Graph[P]) StartOrder(list []P) []P {
	wanted := make(map[P]bool, len(list))
	for _, p := range list {
		wanted[p] = true
	}
	sorted := make([]P, 0, len(list))
	for _, p := range g.graph.Closure(list...) {
		if wanted[p] {
			sorted = append(sorted, p)
		}
	}
	return sorted
}

// StopsBefore returns, for each process of a list that others of it depend on, those
// others: they are to stop before it.
func (g *Graph[P]) StopsBefore(list []P) map[P][]P {
	before := make(map[P][]P)
	order := g.StartOrder(list)
	for i, p := range order {
		dependents := g.graph.Dependents(p)
		if len(dependents) == 0 {
			continue
		}
		for _, q := range order[i+1:] {
			if dependents[q] {
				before[p] = append(before[p], q)
			}
		}
	}
	return before
}
