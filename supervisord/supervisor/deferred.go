package supervisor

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor/order"
)

// deferredStart is a process that is to be started once everything that it waits for is
// there. It belongs to Run.
type deferredStart struct {
	process  *process.Process
	seq      int       // among all that have ever been held
	began    time.Time // to wait
	deadline time.Time // zero for never
	requests []startRequest
	wanted   bool             // it is to be started even if nobody asks for it any more
	by       string           // who wants it to be started, "" for an operator
	pulledIn []*deferredStart // what waits only because this does
	probes   *waitProbes
}

// startRequest is a request for a start that is answered when its outcome is known.
type startRequest struct {
	name   string // as the caller called the process
	answer func(error)
}

// statusChanges is what happened to processes since Run last looked.
type statusChanges struct {
	wake chan struct{} // rung after a change

	mu   sync.Mutex
	seen map[*process.Process]*process.Status
	lost map[*process.Process]order.Conditions // that held, and then did not
}

// notify has Run look at those who wait.
func (n *statusChanges) notify() {
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

// noteChange takes note of a change of status. Two changes may come before Run looks
// once, so that what it must not miss is kept here.
func (s *Supervisor) noteChange(p *process.Process) {
	if !s.hasDependencies.Load() {
		return
	}
	s.changes.record(p, p.Status)
	s.changes.notify()
}

// record compares the status with the one that was seen last. It is asked for under
// the lock: the owner of the process and watch may both be here, and who read an
// older one before must not come after who read a newer one.
func (n *statusChanges) record(p *process.Process, status func() *process.Status) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if p.IsOver() { // nobody asks any more where it is
		delete(n.seen, p)
		return
	}
	st := status()
	if old := n.seen[p]; old != nil {
		if lost := order.Lost(p.CurrentConfig(), old, st); lost != 0 {
			n.lost[p] |= lost
		}
	}
	n.seen[p] = st
}

// watchDependencies has changes noticed from now on if a process wants it.
func (s *Supervisor) watchDependencies(c *config.Process) {
	if len(c.DependsOn)+len(c.WaitFor) > 0 {
		s.watchChanges()
	}
}

// watchChanges has changes noticed from now on.
func (s *Supervisor) watchChanges() {
	if s.hasDependencies.Swap(true) {
		return
	}
	for _, g := range s.list() {
		for _, p := range g.Processes {
			s.noteChange(p)
		}
	}
}

// restoreSeen has what happened while there was no daemon be noticed too: who was up
// when the last one saw it, and is not any more, has left.
func (s *Supervisor) restoreSeen(saved map[*process.Process]*SavedState) {
	s.changes.mu.Lock()
	defer s.changes.mu.Unlock()
	for p, e := range saved {
		s.changes.seen[p] = &process.Status{Status: e.Status}
	}
}

// takeLost returns which conditions have ended, by process, in the order of
// their names.
func (s *Supervisor) takeLost() (list []*process.Process, left map[*process.Process]order.Conditions) {
	s.changes.mu.Lock()
	defer s.changes.mu.Unlock()
	if len(s.changes.lost) == 0 {
		return nil, nil
	}
	left, s.changes.lost = s.changes.lost, make(map[*process.Process]order.Conditions)
	for p := range left {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b *process.Process) int { return strings.Compare(a.FullName(), b.FullName()) })
	return list, left
}

// mustWait tells whether a process that starts by itself can't do so yet.
func (s *Supervisor) mustWait(p *process.Process) bool {
	st := p.Status()
	switch {
	case st.WaitingFor != "" && st.State == states.Stopping: // an earlier daemon has left it so
		return true
	case st.WaitingFor != "" && s.deferred[p] != nil: // whoever has asked for its start is to be answered
		return true
	case !s.hasDependencies.Load():
		return false
	}
	isNew := st.State == states.Stopped && st.Started.IsZero() && !st.StartCancelled
	if !isNew && st.WaitingFor == "" {
		return false
	}
	return s.dependencyGraph().HasToWait(p)
}

// unmetOf returns what a process waits for.
func (s *Supervisor) unmetOf(p *process.Process, probes *waitProbes) []*order.Unmet {
	return append(s.dependencyGraph().AllUnmet(p), probes.unmet()...)
}

// deferStart has a process wait, unless it does already.
func (s *Supervisor) deferStart(ctx context.Context, p *process.Process) *deferredStart {
	if h := s.deferred[p]; h != nil {
		st := p.Status()
		if st.WaitingFor != "" {
			return h
		}
		s.removeDeferred(h, superseded(p, st)) // that is over, and has not been looked at yet
	}
	s.watchChanges() // what it waits for may be no more than its own end
	s.lastSeq++
	h := &deferredStart{process: p, seq: s.lastSeq, began: time.Now()}
	if timeout := p.CurrentConfig().DependsTimeout; timeout > 0 && timeout != config.Forever {
		h.deadline = h.began.Add(timeout)
	}
	h.probes = s.startProbes(ctx, p)
	s.deferred[p] = h
	text := order.Join(s.unmetOf(p, h.probes))
	if text == "" { // it has come this very moment
		text = "its turn"
	}
	p.DeferStart(text)
	s.changes.notify()
	return h
}

// removeDeferred lets go of a process that waits no more, and answers those who have asked
// for its start.
func (s *Supervisor) removeDeferred(h *deferredStart, err error) {
	delete(s.deferred, h.process)
	h.probes.stop()
	h.answer(err)
}

// cancelDeferred calls a start off that nobody wants any more, and those that were to
// make it possible.
func (s *Supervisor) cancelDeferred(h *deferredStart, err error) {
	h.process.DeferStart("")
	s.cancelPulledIn(h)
	s.removeDeferred(h, err)
}

// cancelStart forgets the start of a process that is taken out of use.
func (s *Supervisor) cancelStart(p *process.Process) {
	s.queue = slices.DeleteFunc(s.queue, func(q *process.Process) bool { return q == p })
	if h := s.deferred[p]; h != nil {
		s.cancelPulledIn(h)
		s.removeDeferred(h, faults.New(faults.BadName, p.FullName()))
	}
}

// cancelPulledIn calls those starts off that nobody wants but one that waits.
func (s *Supervisor) cancelPulledIn(h *deferredStart) {
	for _, b := range h.pulledIn {
		if s.deferred[b.process] == b && !b.wanted && len(b.requests) == 0 {
			s.cancelDeferred(b, nil)
		}
	}
}

// checkDeferred looks at all who wait, after something has happened.
func (s *Supervisor) checkDeferred(ctx context.Context) {
	if s.Mood() != states.DaemonRunning {
		return
	}
	lost, left := s.takeLost()
	for _, p := range lost {
		for _, n := range s.dependencyGraph().On(p) {
			if n.Together && left[p].Has(n.Condition) {
				s.restartWith(ctx, n, p)
			}
		}
	}
	all := make([]*deferredStart, 0, len(s.deferred))
	for _, h := range s.deferred {
		all = append(all, h)
	}
	slices.SortFunc(all, func(a, b *deferredStart) int {
		return cmp.Or(
			cmp.Compare(s.groupPriority(a.process), s.groupPriority(b.process)),
			cmp.Compare(a.process.CurrentConfig().Priority, b.process.CurrentConfig().Priority),
			cmp.Compare(a.seq, b.seq))
	})
	for _, h := range all {
		if s.deferred[h.process] == h { // another one may have been given up
			s.tryStart(ctx, h)
		}
	}
	if len(s.queue) == 0 {
		s.endBatch()
	}
	s.setDeadlineTimer()
}

func (s *Supervisor) groupPriority(p *process.Process) int {
	if g := s.find(p.Config.Group); g != nil {
		return g.Config.Priority
	}
	return 0
}

// setDeadlineTimer has Run look again when the next deadline comes. One that is over
// already is that of a process which has to stop first, and that will be news.
func (s *Supervisor) setDeadlineTimer() {
	var first time.Time
	now := time.Now()
	for _, h := range s.deferred {
		if h.deadline.After(now) && (first.IsZero() || h.deadline.Before(first)) {
			first = h.deadline
		}
	}
	if first.IsZero() {
		s.deadlineTimer.Stop()
		return
	}
	s.deadlineTimer.Reset(time.Until(first))
}

// tryStart starts a process if nothing is in its way any more, and otherwise updates
// what its status says that it waits for.
func (s *Supervisor) tryStart(ctx context.Context, h *deferredStart) {
	p := h.process
	waiting := order.Deferred{
		Config: p.CurrentConfig(), Status: p.Status(), Unmet: s.unmetOf(p, h.probes),
		Late:      !h.deadline.IsZero() && !time.Now().Before(h.deadline),
		Requested: len(h.requests) > 0, Wanted: h.wanted,
	}
	d := waiting.Decide()
	switch d.Action {
	case order.Supersede:
		s.removeDeferred(h, superseded(p, waiting.Status))
	case order.Start:
		s.startDeferred(ctx, h)
	case order.TimeOut:
		p.FailDependency(d.Reason)
		s.removeDeferred(h, abnormalTermination(p, d.Reason))
	case order.CancelStart:
		s.cancelDeferred(h, abnormalTermination(p, d.Reason))
	case order.Wait:
		if d.Reason != "" {
			h.answer(abnormalTermination(p, d.Reason))
		}
		if d.WaitingFor != waiting.Status.WaitingFor {
			p.UpdateDeferred(d.WaitingFor)
		}
	}
}

// answer answers all requests for a start.
func (h *deferredStart) answer(err error) {
	for _, q := range h.requests {
		q.answer(err)
	}
	h.requests = nil
}

// abnormalTermination is what is told to who has asked for a start that comes to nothing. A
// client that knows the code only still says what happened to the process.
func abnormalTermination(p *process.Process, why string) error {
	return faults.New(faults.AbnormalTermination, p.FullName()+": "+why)
}

// superseded is the answer to who waits for a start that another has made or called
// off, or that the kernel has.
func superseded(p *process.Process, st *process.Status) error {
	switch {
	case st.State.IsRunning():
		return faults.New(faults.AlreadyStarted, p.FullName())
	case st.State == states.Unknown:
		return abnormalTermination(p, st.Reason)
	}
	return abnormalTermination(p, "its start was called off")
}

// startDeferred starts a process that waits for nothing any more.
func (s *Supervisor) startDeferred(ctx context.Context, h *deferredStart) {
	p := h.process
	if len(h.requests) == 0 {
		s.removeDeferred(h, nil)
		s.batch = append(s.batch, p)
		p.Autostart()
		return
	}
	requests := h.requests
	h.requests = nil
	s.removeDeferred(h, nil)
	a := p.StartBy(h.by, requests[0].name, true)
	s.wg.Go(func() {
		err := a.Wait(ctx)
		for _, q := range requests {
			q.answer(err)
		}
	})
}

// restartWith stops a process because what it is restarted together with has left.
func (s *Supervisor) restartWith(ctx context.Context, n *order.Dependency[*process.Process], gone *process.Process) {
	p, by := n.From, "dependency "+gone.FullName()
	switch order.RestartTogether(p.Status()) {
	case order.Nothing:
		return
	case order.StopFirst:
		s.opts.Log.Info(fmt.Sprintf("stopping %s, which is restarted together with %s", p.Config.Name, gone.Config.Name))
		if p.StopBy(by, p.FullName(), false).Wait(ctx) != nil {
			return
		}
	case order.StartAgain:
	}
	h := s.deferStart(ctx, p)
	h.wanted, h.by = true, by
}

// cancelAllDeferred answers all who wait, because nothing is started any more.
func (s *Supervisor) cancelAllDeferred() {
	for p, h := range s.deferred {
		p.DeferStart("")
		s.removeDeferred(h, faults.Bare(faults.ShutdownState))
	}
	s.deadlineTimer.Stop()
}
