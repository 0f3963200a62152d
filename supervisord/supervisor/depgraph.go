package supervisor

import (
	"fmt"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
)

// dependency is that one process needs others. All that are named by one dependency
// must be there.
type dependency struct {
	config.Dependency
	dependent *process.Process
	on        []*process.Process // none while the group is not in use
}

// String is the need as it stands in the status: db:ready.
func (n *dependency) String() string { return n.Name + ":" + n.Condition.String() }

// graph are who needs whom among the active processes. They are made when
// somebody first wants them after the groups have changed, and never changed.
type graph struct {
	dependencies map[*process.Process][]*dependency
	dependents   map[*process.Process][]*dependency // those that are on it
}

func newGraph(groups []*active) *graph {
	r := &graph{dependencies: make(map[*process.Process][]*dependency), dependents: make(map[*process.Process][]*dependency)}
	var confs []*config.Process
	processes := make(map[*config.Process]*process.Process)
	for _, g := range groups {
		for _, p := range g.Processes {
			confs = append(confs, p.Config)
			processes[p.Config] = p
		}
	}
	known := make(map[string][]*process.Process)
	for _, c := range confs {
		p := processes[c]
		for _, d := range p.CurrentConfig().DependsOn {
			on, ok := known[d.Name]
			if !ok {
				for _, t := range d.Targets(confs) {
					on = append(on, processes[t])
				}
				known[d.Name] = on
			}
			n := &dependency{d, p, on}
			r.dependencies[p] = append(r.dependencies[p], n)
			for _, t := range on {
				r.dependents[t] = append(r.dependents[t], n)
			}
		}
	}
	return r
}

// dependencyGraph returns the relations of the groups as they are now.
func (s *Supervisor) dependencyGraph() *graph {
	s.mu.RLock()
	r := s.graph
	s.mu.RUnlock()
	if r != nil {
		return r
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.graph == nil {
		s.graph = newGraph(s.groups)
	}
	return s.graph
}

// allDependents returns who needs a process, directly or by way of others.
func (r *graph) allDependents(p *process.Process) map[*process.Process]bool {
	all := make(map[*process.Process]bool)
	var visit func(*process.Process)
	visit = func(p *process.Process) {
		for _, n := range r.dependents[p] {
			if !all[n.dependent] {
				all[n.dependent] = true
				visit(n.dependent)
			}
		}
	}
	visit(p)
	return all
}

// startOrder returns processes with those first that others of them need, and
// otherwise in their order.
func (r *graph) startOrder(list []*process.Process) []*process.Process {
	wanted := make(map[*process.Process]bool, len(list))
	for _, p := range list {
		wanted[p] = true
	}
	sorted := make([]*process.Process, 0, len(list))
	seen := make(map[*process.Process]bool)
	var visit func(*process.Process)
	visit = func(p *process.Process) {
		if seen[p] {
			return
		}
		seen[p] = true
		for _, n := range r.dependencies[p] {
			for _, t := range n.on {
				visit(t)
			}
		}
		if wanted[p] {
			sorted = append(sorted, p)
		}
	}
	for _, p := range list {
		visit(p)
	}
	return sorted
}

// stopsBefore tells, of each process of a list, which others of it are to be gone
// before it is stopped. Those that need one another in a circle, as programs that
// stand in no file may, go in some order.
func (r *graph) stopsBefore(list []*process.Process) map[*process.Process][]*process.Process {
	before := make(map[*process.Process][]*process.Process)
	order := r.startOrder(list)
	for i, p := range order {
		dependents := r.allDependents(p)
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

// conditionMet tells whether a process has come as far as a condition wants.
func conditionMet(c config.Condition, p *process.Process, st *process.Status) bool {
	succeeded := st.State == states.Exited && p.CurrentConfig().Expected(st.ExitStatus)
	switch c {
	case config.ConditionReady:
		return st.State == states.Running
	case config.ConditionStarted: // what has run its course has been started too
		return st.State == states.Running || st.State == states.Starting && st.PID != 0 || st.State == states.Exited
	case config.ConditionSuccess:
		return succeeded
	case config.ConditionReadyOrSuccess:
		return st.State == states.Running || succeeded
	}
	return false
}

// isUp tells whether a process is where a restart together with it ends when it
// leaves. What has succeeded is there as long as nobody starts it again.
func isUp(c config.Condition, p *process.Process, st *process.Status) bool {
	switch c {
	case config.ConditionReady:
		return st.State == states.Running
	case config.ConditionStarted:
		return st.State == states.Running || st.State == states.Starting && st.PID != 0
	case config.ConditionSuccess, config.ConditionReadyOrSuccess:
		return conditionMet(c, p, st)
	}
	return false
}

// isUnreachable tells whether a process will not come as far by itself.
func isUnreachable(c config.Condition, p *process.Process, st *process.Status) bool {
	switch st.State {
	case states.Fatal, states.Unknown:
		return st.WaitingFor == ""
	case states.Exited:
		return !st.StartDue && st.WaitingFor == "" && !conditionMet(c, p, st)
	case states.Stopped:
		willAutostart := p.CurrentConfig().Autostart && st.Started.IsZero() && !st.StartCancelled
		return st.WaitingFor == "" && !willAutostart
	case states.Starting, states.Running, states.Backoff, states.Stopping:
	}
	return false
}

// describeState tells in words where a process is.
func describeState(p *process.Process, st *process.Status) string {
	text := p.FullName() + " is " + st.State.String()
	switch {
	case st.WaitingFor != "":
		text += ", waiting for " + st.WaitingFor
	case st.State == states.Exited:
		text += fmt.Sprintf(" with status %d", st.ExitStatus)
	case st.SpawnErr != "" && (st.State == states.Fatal || st.State == states.Backoff):
		text += " (" + st.SpawnErr + ")"
	}
	return text
}

// unmet is something that a start still waits for.
type unmet struct {
	what          string // in the status: db:ready, tcp://db:3306
	detail        string // the other one is, in words
	message       string // what is said of it to who has asked for the start
	timeoutReason string // what is said when it has not come in time, without how long that was
	hard          bool   // a start does not go on without it
	// hopeless is set when it will not come by itself.
	unreachable bool
}

// firstUnmet is nil if the need is met.
func (r *graph) firstUnmet(n *dependency) *unmet {
	return r.findUnmet(n, make(map[*process.Process]bool))
}

// findUnmet is lack for somebody who has looked at some processes already. They
// may wait for one another if they stand in no file.
func (r *graph) findUnmet(n *dependency, seen map[*process.Process]bool) *unmet {
	if len(n.on) == 0 {
		where := n.Name + " is not in use"
		return &unmet{what: n.String(), detail: where, message: "and " + where, timeoutReason: n.Name + " was not in use", hard: !n.Soft, unreachable: true}
	}
	for _, p := range n.on {
		st := p.Status()
		if conditionMet(n.Condition, p, st) {
			continue
		}
		where := describeState(p, st)
		l := &unmet{
			what: n.String(), detail: where, message: "and " + where, timeoutReason: p.FullName() + " " + notMetText(n.Condition),
			hard: !n.Soft, unreachable: isUnreachable(n.Condition, p, st),
		}
		if st.WaitingFor != "" && !seen[p] {
			seen[p] = true
			r.followWaiting(l, p, seen)
		}
		return l
	}
	return nil
}

// followWaiting finds out whether a process that waits itself does so without hope.
func (r *graph) followWaiting(l *unmet, p *process.Process, seen map[*process.Process]bool) {
	for _, n := range r.dependencies[p] {
		if deeper := r.findUnmet(n, seen); deeper != nil && deeper.hard && deeper.unreachable {
			l.unreachable, l.message = true, "which needs "+deeper.what+", "+deeper.message
			return
		}
	}
}

func notMetText(c config.Condition) string {
	return [...]string{
		config.ConditionReady: "was not ready", config.ConditionStarted: "was not started",
		config.ConditionSuccess: "had not succeeded", config.ConditionReadyOrSuccess: "was not ready",
	}[c]
}
