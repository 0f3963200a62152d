package starts

import (
	"slices"
	"strings"
	"sync"

	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor/order"
)

// statusChanges is what happened to processes since Check last looked. Several changes
// may come before one look, so what must not be missed is kept here.
type statusChanges struct {
	wake chan struct{} // receives a value after a change

	mu   sync.Mutex
	seen map[*process.Process]*process.Status
	lost map[*process.Process]order.Conditions // that held and then ended
}

func (c *statusChanges) notify() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// record compares the status with the one recorded last. It reads the status under the
// lock: the owner of the process and watch may both be here, and one that read an older
// status must not record it after one that read a newer.
func (c *statusChanges) record(p *process.Process, status func() *process.Status) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p.IsOver() { // its status matters to nobody any more
		delete(c.seen, p)
		return
	}
	st := status()
	if old := c.seen[p]; old != nil {
		if lost := order.Lost(p.CurrentConfig(), old, st); lost != 0 {
			c.lost[p] |= lost
		}
	}
	c.seen[p] = st
}

// takeLost returns the conditions that have ended, and the processes ordered by name.
func (c *statusChanges) takeLost() (list []*process.Process, lost map[*process.Process]order.Conditions) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.lost) == 0 {
		return nil, nil
	}
	lost, c.lost = c.lost, make(map[*process.Process]order.Conditions)
	for p := range lost {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b *process.Process) int { return strings.Compare(a.FullName(), b.FullName()) })
	return list, lost
}

// NoteChange takes note of a change of status. It may be called from anywhere and never
// blocks.
func (s *Starts) NoteChange(p *process.Process) {
	if !s.hasDependencies.Load() {
		return
	}
	s.changes.record(p, p.Status)
	s.changes.notify()
}

// HasDependencies reports whether any process may have to wait for others. It may be
// called from anywhere. Without dependencies no change is noted, which would cost time.
func (s *Starts) HasDependencies() bool { return s.hasDependencies.Load() }

// AddProcess is called for each configuration that a process is going to have: changes
// are noted from then on if it has dependencies.
func (s *Starts) AddProcess(c *config.Process) {
	if len(c.DependsOn)+len(c.WaitFor) > 0 {
		s.watch()
	}
}

// watch notes changes from now on.
func (s *Starts) watch() {
	if s.hasDependencies.Swap(true) {
		return
	}
	for _, g := range s.opts.Groups.List() {
		for _, p := range g.Processes {
			s.NoteChange(p)
		}
	}
}

// RestoreSeen makes up for what happened while no daemon ran: a condition that held in
// the status that the last daemon saved, and does not hold now, has ended.
func (s *Starts) RestoreSeen(p *process.Process, saved *process.Status) {
	s.changes.mu.Lock()
	defer s.changes.mu.Unlock()
	s.changes.seen[p] = saved
}
