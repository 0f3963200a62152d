package supervisor

import (
	"context"
	"slices"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor/order"
)

// Starts bring what they need, stops come to who needs something before it
// comes to that.

// withDependencies is startAction with what the process needs: the start is
// answered when all of that is there and the process runs, or when it is known
// that it will not.
func (s *Supervisor) withDependencies(c Call) action {
	direct := startAction(c)
	if c.Alone || !s.hasDependencies.Load() {
		return direct
	}
	return func(p *process.Process, name string) process.Answer {
		if len(s.dependencyGraph().Of(p))+len(p.CurrentConfig().WaitFor) == 0 {
			return direct(p, name)
		}
		if _, _, err := p.Command(); err != nil {
			return process.Answered(err)
		}
		var a process.Answer
		if err := s.do(func(runCtx context.Context) { a = s.startWithDependencies(runCtx, p, name, c) }); err != nil {
			return process.Answered(err)
		}
		return a
	}
}

// startWithDependencies starts a process as soon as that can be, and what it needs before.
func (s *Supervisor) startWithDependencies(ctx context.Context, p *process.Process, name string, c Call) process.Answer {
	if !order.IsStartable(p.Status().State) || s.Mood() != states.DaemonRunning {
		return p.StartBy(c.By, name, c.Wait)
	}
	pulledIn := s.pullIn(ctx, p)
	if s.deferred[p] == nil && !s.dependencyGraph().HasToWait(p) {
		return p.StartBy(c.By, name, c.Wait)
	}
	old := s.deferred[p]
	h := s.deferStart(ctx, p)
	if h != old {
		h.by = c.By
	}
	h.pulledIn = append(h.pulledIn, pulledIn...)
	s.changes.notify()
	if !c.Wait {
		h.wanted = true
		return process.Answered(nil)
	}
	a, answer := process.Promise()
	h.requests = append(h.requests, startRequest{name, answer})
	return a
}

// pullIn starts what a process depends on, and returns the starts of that which have
// to wait.
func (s *Supervisor) pullIn(ctx context.Context, p *process.Process) (deferred []*deferredStart) {
	isDeferred := func(p *process.Process) bool { return s.deferred[p] != nil }
	for pull := range s.dependencyGraph().PullIn(p, isDeferred) {
		t, by := pull.Process, pull.For.FullName()+", which needs it"
		if !pull.HasToWait {
			_ = t.StartBy(by, t.FullName(), false).Wait(ctx) // its state tells
			continue
		}
		h := s.deferStart(ctx, t)
		h.by = by
		deferred = append(deferred, h)
	}
	return deferred
}

// startEach starts those of the processes that do not run, those first that
// others of them need.
func (s *Supervisor) startEach(ctx context.Context, list []*process.Process, c Call) ([]api.CallResult, error) {
	list = filter(list, isIdle)
	if s.hasDependencies.Load() {
		list = s.dependencyGraph().StartOrder(list)
	}
	return callEach(ctx, list, s.withDependencies(c))
}

// stopEach stops those of the processes that run or are going to, those first
// that need others of them.
func (s *Supervisor) stopEach(ctx context.Context, list []*process.Process, c Call) ([]api.CallResult, error) {
	var some []*process.Process
	for _, p := range list {
		if order.IsStoppable(p.CurrentConfig(), p.Status()) {
			some = append(some, p)
		}
	}
	list = some
	if !s.hasDependencies.Load() {
		return callEach(ctx, list, stopAction(c))
	}
	before := s.dependencyGraph().StopsBefore(list)
	if len(before) == 0 {
		return callEach(ctx, list, stopAction(c))
	}
	var answers map[*process.Process]process.Answer
	if err := s.do(func(runCtx context.Context) {
		answers = s.stopAfterDependents(runCtx, list, before, c)
	}); err != nil {
		return nil, err
	}
	return callEach(ctx, list, func(p *process.Process, _ string) process.Answer { return answers[p] })
}

// stopAfterDependents asks each process to stop once those before it are gone, whoever
// waits for that.
func (s *Supervisor) stopAfterDependents(ctx context.Context, list []*process.Process, before map[*process.Process][]*process.Process, c Call) map[*process.Process]process.Answer {
	stop := stopAction(Call{By: c.By, Wait: true})
	answers := make(map[*process.Process]process.Answer, len(list))
	gone := make(map[*process.Process]chan struct{}, len(list))
	for _, p := range list {
		gone[p] = make(chan struct{})
	}
	for _, p := range slices.Backward(s.dependencyGraph().StartOrder(list)) {
		var first process.Answer
		if len(before[p]) == 0 {
			if first = stop(p, p.FullName()); first.Done() {
				answers[p] = first
				close(gone[p])
				continue
			}
		}
		a, answer := process.Promise()
		answers[p] = a
		if !c.Wait {
			answers[p] = process.Answered(nil)
		}
		s.wg.Go(func() {
			defer close(gone[p])
			for _, q := range before[p] {
				select {
				case <-gone[q]:
				case <-ctx.Done():
					answer(ctx.Err())
					return
				}
			}
			if len(before[p]) > 0 {
				first = stop(p, p.FullName())
			}
			answer(first.Wait(ctx))
		})
	}
	return answers
}
