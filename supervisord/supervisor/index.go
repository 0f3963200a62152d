package supervisor

import (
	"cmp"
	"slices"

	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor/order"
)

// index finds the processes of all active groups. It is made when somebody
// first wants it after the groups have changed, and then never changed.
type index struct {
	sorted []*process.Process // by group and name
	named  map[namespec.Spec]*process.Process
}

func newIndex(groups []*active) *index {
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

// indexed returns the index of the groups as they are now.
func (s *Supervisor) indexed() *index {
	s.mu.RLock()
	x := s.index
	s.mu.RUnlock()
	if x != nil {
		return x
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.index == nil {
		s.index = newIndex(s.groups)
	}
	return s.index
}

// onGroupsChanged tells that the groups are others now. Only mu's holder calls it.
func (s *Supervisor) onGroupsChanged() {
	s.index, s.graph = nil, nil
	if s.groupsChanged != nil {
		close(s.groupsChanged)
		s.groupsChanged = nil
	}
	s.changes.notify() // who waits may wait for nobody now
}

// list returns the active groups in order of activation. The slice is never
// changed.
func (s *Supervisor) list() []*active {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.groups
}

// find returns the active group of that name, nil if there is none.
func (s *Supervisor) find(name string) *active {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.named[name]
}

// nextGroupsChange returns a channel that is closed with the next change of the
// groups.
func (s *Supervisor) nextGroupsChange() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.groupsChanged == nil {
		s.groupsChanged = make(chan struct{})
	}
	return s.groupsChanged
}

// dependencyGraph returns the dependencies among the processes as they are now.
func (s *Supervisor) dependencyGraph() *order.Graph[*process.Process] {
	s.mu.RLock()
	g := s.graph
	s.mu.RUnlock()
	if g != nil {
		return g
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.graph == nil {
		var all []*process.Process
		for _, g := range s.groups {
			all = append(all, g.Processes...)
		}
		s.graph = order.New(all)
	}
	return s.graph
}
