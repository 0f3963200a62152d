package supervisor

import (
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
)

// Processes returns all active processes, for tests that look at each after
// every step: Infos would word and sort them each time.
func (s *Supervisor) Processes() []*process.Process {
	var all []*process.Process
	for _, g := range s.list() {
		all = append(all, g.Processes...)
	}
	return all
}

// GroupConfig returns what an active group was made of, nil if it is not active.
func (s *Supervisor) GroupConfig(name string) *config.Group {
	if g := s.find(name); g != nil {
		return g.Config
	}
	return nil
}

// LogNames returns of how many processes the names of AUTO logs are known.
func (s *Supervisor) LogNames() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.auto)
}

// NotedUnderLock reports whether a change is noticed with the status that the
// process has once nobody else notices one.
func (s *Supervisor) NotedUnderLock(p *process.Process) bool {
	isLocked := false
	s.changes.record(p, func() *process.Status {
		isLocked = !s.changes.mu.TryLock()
		return p.Status()
	})
	return isLocked
}
