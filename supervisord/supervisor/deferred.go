package supervisor

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
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
	lost map[*process.Process]conditionSet // that held, and then did not
}

// conditionSet is a set of them.
type conditionSet uint8

func conditionBit(c config.Condition) conditionSet { return 1 << c }

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
		for c := config.ConditionReady; c <= config.ConditionReadyOrSuccess; c++ {
			if isUp(c, p, old) && (!isUp(c, p, st) || !st.Started.Equal(old.Started)) {
				n.lost[p] |= conditionBit(c)
			}
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
func (s *Supervisor) takeLost() (list []*process.Process, left map[*process.Process]conditionSet) {
	s.changes.mu.Lock()
	defer s.changes.mu.Unlock()
	if len(s.changes.lost) == 0 {
		return nil, nil
	}
	left, s.changes.lost = s.changes.lost, make(map[*process.Process]conditionSet)
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
	return len(p.CurrentConfig().WaitFor) > 0 || len(s.unmetOf(p, nil)) > 0
}

// unmetOf returns what a process waits for, without hope or not.
func (s *Supervisor) unmetOf(p *process.Process, o *waitProbes) []*unmet {
	var list []*unmet
	r := s.dependencyGraph()
	for _, n := range r.dependencies[p] {
		if l := r.firstUnmet(n); l != nil {
			list = append(list, l)
		}
	}
	return append(list, o.unmet()...)
}

func joinUnmet(list []*unmet) string {
	names := make([]string, len(list))
	for i, l := range list {
		names[i] = l.what
	}
	return strings.Join(slices.Compact(names), ", ")
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
	text := joinUnmet(s.unmetOf(p, h.probes))
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
	for _, q := range h.requests {
		q.answer(err)
	}
	h.requests = nil
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
		for _, n := range s.dependencyGraph().dependents[p] {
			if n.Together && left[p]&conditionBit(n.Condition) != 0 {
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

// tryStart starts a process if nothing is in its way any more, and otherwise has
// it say what is.
func (s *Supervisor) tryStart(ctx context.Context, h *deferredStart) {
	p := h.process
	st := p.Status()
	switch {
	case st.WaitingFor == "": // somebody else has started it, or called the start off
		s.removeDeferred(h, superseded(p, st))
		return
	case st.State == states.Stopping: // first it has to
		return
	}
	list := s.unmetOf(p, h.probes)
	late := !h.deadline.IsZero() && !time.Now().Before(h.deadline)
	var missing []*unmet // without which it is not started
	for _, l := range list {
		if l.hard || !l.unreachable && !late {
			missing = append(missing, l)
		}
	}
	switch {
	case len(missing) == 0:
		s.startDeferred(ctx, h)
		return
	case late:
		why := missing[0].timeoutReason + " within " + config.FormatDuration(p.CurrentConfig().DependsTimeout)
		p.FailDependency(why)
		s.removeDeferred(h, abnormalTermination(p, why))
		return
	}
	if i := slices.IndexFunc(missing, func(l *unmet) bool { return l.hard && l.unreachable }); i >= 0 && len(h.requests) > 0 {
		err := abnormalTermination(p, "it needs "+missing[i].what+", "+missing[i].message)
		if !h.wanted {
			s.cancelDeferred(h, err)
			return
		}
		for _, q := range h.requests {
			q.answer(err)
		}
		h.requests = nil
	}
	if text := joinUnmet(missing); text != st.WaitingFor {
		p.UpdateDeferred(text)
	}
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
func (s *Supervisor) restartWith(ctx context.Context, n *dependency, gone *process.Process) {
	p := n.dependent
	switch st := p.Status(); st.State {
	case states.Starting, states.Running, states.Backoff:
		s.opts.Log.Info(fmt.Sprintf("stopping %s, which is restarted together with %s", p.Config.Name, gone.Config.Name))
		if p.StopBy("dependency "+gone.FullName(), p.FullName(), false).Wait(ctx) != nil {
			return
		}
	case states.Exited:
		if !st.StartDue {
			return
		}
	case states.Stopped, states.Stopping, states.Fatal, states.Unknown:
		return // somebody else's affair
	}
	h := s.deferStart(ctx, p)
	h.wanted, h.by = true, "dependency "+gone.FullName()
}

// cancelAllDeferred answers all who wait, because nothing is started any more.
func (s *Supervisor) cancelAllDeferred() {
	for p, h := range s.deferred {
		p.DeferStart("")
		s.removeDeferred(h, faults.Bare(faults.ShutdownState))
	}
	s.deadlineTimer.Stop()
}

// explainWaiting tells, for Why, what a process waits for or does without.
func (s *Supervisor) explainWaiting(p *process.Process) []api.Reason {
	if !s.hasDependencies.Load() {
		return nil
	}
	st := p.Status()
	var reasons []api.Reason
	r := s.dependencyGraph()
	for _, n := range r.dependencies[p] {
		l := r.firstUnmet(n)
		switch {
		case l == nil:
		case st.WaitingFor == "":
			if st.State.IsRunning() {
				reasons = append(reasons, api.Reason{Kind: "dependency", Text: l.what + " does not hold now: " + l.detail})
			}
		case !l.hard && l.unreachable:
			reasons = append(reasons, api.Reason{Kind: "dependency", Text: "does without " + l.what + ": " + l.detail})
		case l.unreachable:
			reasons = append(reasons, api.Reason{Kind: "dependency", Text: "waits for " + l.what + ", which will not come by itself: " + l.detail})
		default:
			reasons = append(reasons, api.Reason{Kind: "dependency", Text: "waits for " + l.what + ": " + l.detail})
		}
	}
	if o, ok := s.waitProbes.Load(p); ok && st.WaitingFor != "" {
		for _, l := range o.(*waitProbes).unmet() {
			reasons = append(reasons, api.Reason{Kind: "probe", Text: "waits for " + l.what + ": " + l.detail})
		}
	}
	return reasons
}
