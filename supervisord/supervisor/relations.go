package supervisor

import (
	"fmt"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
)

// need is that one process needs others. All that are named by one dependency
// must be there.
type need struct {
	config.Dependency
	from *process.Process
	on   []*process.Process // none while the group is not in use
}

// String is the need as it stands in the status: db:ready.
func (n *need) String() string { return n.Name + ":" + n.Condition.String() }

// relations are who needs whom among the active processes. They are made when
// somebody first wants them after the groups have changed, and never changed.
type relations struct {
	of map[*process.Process][]*need
	by map[*process.Process][]*need // those that are on it
}

func newRelations(groups []*active) *relations {
	r := &relations{of: make(map[*process.Process][]*need), by: make(map[*process.Process][]*need)}
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
		for _, d := range p.Current().DependsOn {
			on, ok := known[d.Name]
			if !ok {
				for _, t := range d.Among(confs) {
					on = append(on, processes[t])
				}
				known[d.Name] = on
			}
			n := &need{d, p, on}
			r.of[p] = append(r.of[p], n)
			for _, t := range on {
				r.by[t] = append(r.by[t], n)
			}
		}
	}
	return r
}

// related returns the relations of the groups as they are now.
func (s *Supervisor) related() *relations {
	s.mu.RLock()
	r := s.relations
	s.mu.RUnlock()
	if r != nil {
		return r
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.relations == nil {
		s.relations = newRelations(s.groups)
	}
	return s.relations
}

// dependents returns who needs a process, directly or by way of others.
func (r *relations) dependents(p *process.Process) map[*process.Process]bool {
	all := make(map[*process.Process]bool)
	var visit func(*process.Process)
	visit = func(p *process.Process) {
		for _, n := range r.by[p] {
			if !all[n.from] {
				all[n.from] = true
				visit(n.from)
			}
		}
	}
	visit(p)
	return all
}

// inOrder returns processes with those first that others of them need, and
// otherwise in their order.
func (r *relations) inOrder(list []*process.Process) []*process.Process {
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
		for _, n := range r.of[p] {
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
func (r *relations) stopsBefore(list []*process.Process) map[*process.Process][]*process.Process {
	before := make(map[*process.Process][]*process.Process)
	order := r.inOrder(list)
	for i, p := range order {
		needy := r.dependents(p)
		if len(needy) == 0 {
			continue
		}
		for _, q := range order[i+1:] {
			if needy[q] {
				before[p] = append(before[p], q)
			}
		}
	}
	return before
}

// holds tells whether a process has come as far as a condition wants.
func holds(c config.Condition, p *process.Process, st *process.Status) bool {
	succeeded := st.State == states.Exited && p.Current().Expected(st.ExitStatus)
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
		return holds(c, p, st)
	}
	return false
}

// isHopeless tells whether a process will not come as far by itself.
func isHopeless(c config.Condition, p *process.Process, st *process.Status) bool {
	switch st.State {
	case states.Fatal, states.Unknown:
		return st.Waiting == ""
	case states.Exited:
		return !st.Due && st.Waiting == "" && !holds(c, p, st)
	case states.Stopped:
		isToCome := p.Current().Autostart && st.Started.IsZero() && !st.Declined
		return st.Waiting == "" && !isToCome
	case states.Starting, states.Running, states.Backoff, states.Stopping:
	}
	return false
}

// standing tells in words where a process is.
func standing(p *process.Process, st *process.Status) string {
	text := p.FullName() + " is " + st.State.String()
	switch {
	case st.Waiting != "":
		text += ", waiting for " + st.Waiting
	case st.State == states.Exited:
		text += fmt.Sprintf(" with status %d", st.ExitStatus)
	case st.SpawnErr != "" && (st.State == states.Fatal || st.State == states.Backoff):
		text += " (" + st.SpawnErr + ")"
	}
	return text
}

// lack is something that a start still waits for.
type lack struct {
	what    string // in the status: db:ready, tcp://db:3306
	where   string // the other one is, in words
	blame   string // what is said of it to who has asked for the start
	overdue string // what is said when it has not come in time, without how long that was
	hard    bool   // a start does not go on without it
	// hopeless is set when it will not come by itself.
	hopeless bool
}

// lack is nil if the need is met.
func (r *relations) lack(n *need) *lack { return r.lackBeyond(n, make(map[*process.Process]bool)) }

// lackBeyond is lack for somebody who has looked at some processes already. They
// may wait for one another if they stand in no file.
func (r *relations) lackBeyond(n *need, seen map[*process.Process]bool) *lack {
	if len(n.on) == 0 {
		where := n.Name + " is not in use"
		return &lack{what: n.String(), where: where, blame: "and " + where, overdue: n.Name + " was not in use", hard: !n.Soft, hopeless: true}
	}
	for _, p := range n.on {
		st := p.Status()
		if holds(n.Condition, p, st) {
			continue
		}
		where := standing(p, st)
		l := &lack{
			what: n.String(), where: where, blame: "and " + where, overdue: p.FullName() + " " + notYet(n.Condition),
			hard: !n.Soft, hopeless: isHopeless(n.Condition, p, st),
		}
		if st.Waiting != "" && !seen[p] {
			seen[p] = true
			r.follow(l, p, seen)
		}
		return l
	}
	return nil
}

// follow finds out whether a process that waits itself does so without hope.
func (r *relations) follow(l *lack, p *process.Process, seen map[*process.Process]bool) {
	for _, n := range r.of[p] {
		if deeper := r.lackBeyond(n, seen); deeper != nil && deeper.hard && deeper.hopeless {
			l.hopeless, l.blame = true, "which needs "+deeper.what+", "+deeper.blame
			return
		}
	}
}

func notYet(c config.Condition) string {
	return [...]string{
		config.ConditionReady: "was not ready", config.ConditionStarted: "was not started",
		config.ConditionSuccess: "had not succeeded", config.ConditionReadyOrSuccess: "was not ready",
	}[c]
}
