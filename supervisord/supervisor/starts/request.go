package starts

import (
	"context"

	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor/order"
)

// Request is a client's request for a start.
type Request struct {
	Name string // as the client called the process
	By   string // who asks, "" for an operator
	Wait bool   // the answer comes when the outcome is known
}

// MayWait reports whether a start has to be requested with Start, because the process
// depends on anything. It may be called from anywhere.
func (s *Starts) MayWait(p *process.Process) bool {
	return s.hasDependencies.Load() && len(s.opts.Groups.Graph().Of(p))+len(p.CurrentConfig().WaitFor) > 0
}

// Start starts a process as soon as that is possible, and before it what it depends on.
func (s *Starts) Start(ctx context.Context, p *process.Process, r Request) process.Answer {
	if !order.IsStartable(p.Status().State) || s.opts.Forbidden() {
		return p.StartBy(r.By, r.Name, r.Wait)
	}
	pulledIn := s.pullIn(ctx, p)
	if s.deferred[p] == nil && !s.opts.Groups.Graph().HasToWait(p) {
		return p.StartBy(r.By, r.Name, r.Wait)
	}
	old := s.deferred[p]
	d := s.deferStart(ctx, p)
	if d != old {
		d.by = r.By
	}
	d.pulledIn = append(d.pulledIn, pulledIn...)
	s.changes.notify()
	if !r.Wait {
		d.wanted = true
		return process.Answered(nil)
	}
	a, answer := process.Promise()
	d.requests = append(d.requests, request{r.Name, answer})
	return a
}

// pullIn starts what a process depends on, and returns the starts of that which have to
// wait.
func (s *Starts) pullIn(ctx context.Context, p *process.Process) (deferred []*deferredStart) {
	isDeferred := func(p *process.Process) bool { return s.deferred[p] != nil }
	for pull := range s.opts.Groups.Graph().PullIn(p, isDeferred) {
		t, by := pull.Process, pull.For.FullName()+", which needs it"
		if !pull.HasToWait {
			_ = t.StartBy(by, t.FullName(), false).Wait(ctx) // its state shows the outcome
			continue
		}
		d := s.deferStart(ctx, t)
		d.by = by
		deferred = append(deferred, d)
	}
	return deferred
}
