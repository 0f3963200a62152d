package starts

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor/order"
)

// deferredStart is the start of a process that waits.
type deferredStart struct {
	process  *process.Process
	seq      int       // among all that were ever deferred
	deadline time.Time // zero for none
	requests []request
	wanted   bool             // the process is to be started even if no request is left
	by       string           // who wants the start, "" for an operator
	pulledIn []*deferredStart // starts that wait only because of this one
	probes   *waitProbes
}

// request is a client's request for a start. It is answered when the outcome is known.
type request struct {
	name   string // as the client called the process
	answer func(error)
}

// answer answers all requests.
func (d *deferredStart) answer(err error) {
	for _, r := range d.requests {
		r.answer(err)
	}
	d.requests = nil
}

// deferStart makes a process wait, unless it does already.
func (s *Starts) deferStart(ctx context.Context, p *process.Process) *deferredStart {
	if d := s.deferred[p]; d != nil {
		st := p.Status()
		if st.WaitingFor != "" {
			return d
		}
		s.remove(d, superseded(p, st)) // that one is over, and Check has not looked yet
	}
	s.watch() // all that it waits for may be its own end
	s.lastSeq++
	d := &deferredStart{process: p, seq: s.lastSeq}
	if timeout := p.CurrentConfig().DependsTimeout; timeout > 0 && timeout != option.Forever {
		d.deadline = time.Now().Add(timeout)
	}
	d.probes = s.startProbes(ctx, p)
	s.deferred[p] = d
	text := order.Join(s.unmet(d))
	if text == "" { // everything was met this very moment
		text = "its turn"
	}
	p.DeferStart(text)
	s.changes.notify()
	return d
}

// unmet returns what a start waits for.
func (s *Starts) unmet(d *deferredStart) []*order.Unmet {
	return append(s.opts.Groups.Graph().AllUnmet(d.process), d.probes.unmet()...)
}

// Unmet returns the dependencies of a process that are not met, and the probes of a start
// that waits for them. It may be called from anywhere.
func (s *Starts) Unmet(p *process.Process) (dependencies, probes []*order.Unmet) {
	o, _ := s.probes.Load(p)
	w, _ := o.(*waitProbes)
	return s.opts.Groups.Graph().AllUnmet(p), w.unmet()
}

// remove forgets a start that waits no more, and answers its requests.
func (s *Starts) remove(d *deferredStart, err error) {
	delete(s.deferred, d.process)
	d.probes.stop()
	d.answer(err)
}

// cancel calls a start off, and those that were to make it possible.
func (s *Starts) cancel(d *deferredStart, err error) {
	d.process.DeferStart("")
	s.cancelPulledIn(d)
	s.remove(d, err)
}

// cancelPulledIn calls off the starts that only one other start wants.
func (s *Starts) cancelPulledIn(d *deferredStart) {
	for _, other := range d.pulledIn {
		if s.deferred[other.process] == other && !other.wanted && len(other.requests) == 0 {
			s.cancel(other, nil)
		}
	}
}

func (s *Starts) cancelRemoved(p *process.Process) {
	if d := s.deferred[p]; d != nil {
		s.cancelPulledIn(d)
		s.remove(d, faults.New(faults.BadName, p.FullName()))
	}
}

func (s *Starts) cancelAllDeferred() {
	for p, d := range s.deferred {
		p.DeferStart("")
		s.remove(d, faults.Bare(faults.ShutdownState))
	}
	s.deadline.Stop()
}

// Check looks at all deferred starts after something has happened.
func (s *Starts) Check(ctx context.Context) {
	if s.opts.Forbidden() {
		return
	}
	s.restartTogether(ctx)
	all := make([]*deferredStart, 0, len(s.deferred))
	for _, d := range s.deferred {
		all = append(all, d)
	}
	slices.SortFunc(all, func(a, b *deferredStart) int {
		return cmp.Or(
			cmp.Compare(s.groupPriority(a.process), s.groupPriority(b.process)),
			cmp.Compare(a.process.CurrentConfig().Priority, b.process.CurrentConfig().Priority),
			cmp.Compare(a.seq, b.seq))
	})
	for _, d := range all {
		if s.deferred[d.process] == d { // it may have been cancelled with another one
			s.tryStart(ctx, d)
		}
	}
	if len(s.queue) == 0 {
		s.endBatch()
	}
	s.setDeadline()
}

func (s *Starts) groupPriority(p *process.Process) int {
	if g := s.opts.Groups.Find(p.Config.Group); g != nil {
		return g.Config.Priority
	}
	return 0
}

// setDeadline makes Run look again at the next deadline. One that has passed is that of a
// process that has to stop first: its stop is a change.
func (s *Starts) setDeadline() {
	var first time.Time
	now := time.Now()
	for _, d := range s.deferred {
		if d.deadline.After(now) && (first.IsZero() || d.deadline.Before(first)) {
			first = d.deadline
		}
	}
	if first.IsZero() {
		s.deadline.Stop()
		return
	}
	s.deadline.Reset(time.Until(first))
}

// tryStart starts a process if nothing is in its way any more, and otherwise updates what
// its status says that it waits for.
func (s *Starts) tryStart(ctx context.Context, d *deferredStart) {
	p := d.process
	now := order.Deferred{
		Config: p.CurrentConfig(), Status: p.Status(), Unmet: s.unmet(d),
		Late:      !d.deadline.IsZero() && !time.Now().Before(d.deadline),
		Requested: len(d.requests) > 0, Wanted: d.wanted,
	}
	decision := now.Decide()
	switch decision.Action {
	case order.Supersede:
		s.remove(d, superseded(p, now.Status))
	case order.Start:
		s.start(ctx, d)
	case order.TimeOut:
		p.FailDependency(decision.Reason)
		s.remove(d, abnormalTermination(p, decision.Reason))
	case order.CancelStart:
		s.cancel(d, abnormalTermination(p, decision.Reason))
	case order.Wait:
		if decision.Reason != "" {
			d.answer(abnormalTermination(p, decision.Reason))
		}
		if decision.WaitingFor != now.Status.WaitingFor {
			p.UpdateDeferred(decision.WaitingFor)
		}
	}
}

// start starts a process that waits for nothing any more.
func (s *Starts) start(ctx context.Context, d *deferredStart) {
	p, requests := d.process, d.requests
	d.requests = nil
	s.remove(d, nil)
	if len(requests) == 0 {
		s.batch = append(s.batch, p)
		p.Autostart()
		return
	}
	a := p.StartBy(d.by, requests[0].name, true)
	s.opts.Go(func() {
		err := a.Wait(ctx)
		for _, r := range requests {
			r.answer(err)
		}
	})
}

// restartTogether stops what is to be restarted together with processes that have left.
func (s *Starts) restartTogether(ctx context.Context) {
	list, lost := s.changes.takeLost()
	for _, p := range list {
		for _, d := range s.opts.Groups.Graph().On(p) {
			if d.Together && lost[p].Has(d.Condition) {
				s.restartWith(ctx, d.From, p)
			}
		}
	}
}

// restartWith stops p, which is restarted together with another process, and starts it
// again once its dependencies are met.
func (s *Starts) restartWith(ctx context.Context, p, gone *process.Process) {
	by := "dependency " + gone.FullName()
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
	d := s.deferStart(ctx, p)
	d.wanted, d.by = true, by
}

// abnormalTermination answers a request for a start that is not made. For a client that
// only knows the code, it says what happened to the process.
func abnormalTermination(p *process.Process, why string) error {
	return faults.New(faults.AbnormalTermination, p.FullName()+": "+why)
}

// superseded answers a request for a start that somebody else has made or called off, or
// that has become impossible.
func superseded(p *process.Process, st *process.Status) error {
	switch {
	case st.State.IsRunning():
		return faults.New(faults.AlreadyStarted, p.FullName())
	case st.State == states.Unknown:
		return abnormalTermination(p, st.Reason)
	}
	return abnormalTermination(p, "its start was called off")
}
