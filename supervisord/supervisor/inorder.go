package supervisor

import (
	"context"
	"slices"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/process"
)

// Starts bring what they need, stops come to who needs something before it
// comes to that.

// noDependencies is the key of who wants neither.
type noDependencies struct{}

// Alone returns a context for starts that neither wait for what a process needs
// nor start it.
func Alone(ctx context.Context) context.Context {
	return context.WithValue(ctx, noDependencies{}, true)
}

// needful makes a verb of starts bring what the process needs, and answer when
// that is there and the process runs, or it is known that it will not.
func (s *Supervisor) needful(ctx context.Context, wait bool, plain verb) verb {
	if ctx.Value(noDependencies{}) != nil || !s.isRelated.Load() {
		return plain
	}
	by := whoAsks(ctx)
	return func(p *process.Process, name string) process.Answer {
		if len(s.related().of[p])+len(p.Current().WaitFor) == 0 {
			return plain(p, name)
		}
		if _, _, err := p.Command(); err != nil {
			return process.Refusal(err)
		}
		var a process.Answer
		if err := s.order(func(life context.Context) { a = s.plead(life, p, name, by, wait) }); err != nil {
			return process.Refusal(err)
		}
		return a
	}
}

// plead starts a process as soon as that can be, and what it needs before.
func (s *Supervisor) plead(ctx context.Context, p *process.Process, name, by string, wait bool) process.Answer {
	if !isStartable(p.Status().State) || s.Mood() != states.DaemonRunning {
		return p.StartBy(by, name, wait)
	}
	brought := s.bring(ctx, p, make(map[*process.Process]bool))
	if s.held[p] == nil && len(p.Current().WaitFor) == 0 && len(s.lacks(p, nil)) == 0 {
		return p.StartBy(by, name, wait)
	}
	old := s.held[p]
	h := s.hold(ctx, p)
	if h != old {
		h.by = by
	}
	h.brought = append(h.brought, brought...)
	s.news.ring()
	if !wait {
		h.stays = true
		return process.Refusal(nil)
	}
	a, answer := process.Promise()
	h.petitions = append(h.petitions, petition{name, answer})
	return a
}

// isStartable tells whether a start can have any effect now or later. Of what is
// UNKNOWN nobody can say when it ends.
func isStartable(st states.Process) bool { return isIdle(st) && st != states.Unknown }

// bring starts what a process needs, and returns what has to wait for that. What
// is there, or on its way, is left alone.
func (s *Supervisor) bring(ctx context.Context, p *process.Process, seen map[*process.Process]bool) (held []*hold) {
	for _, n := range s.related().of[p] {
		for _, t := range n.on {
			st := t.Status()
			if seen[t] || holds(n.Condition, t, st) || !isStartable(st.State) {
				continue
			}
			seen[t] = true
			held = append(held, s.bring(ctx, t, seen)...)
			switch {
			case s.held[t] != nil:
			case len(t.Current().WaitFor) > 0 || len(s.lacks(t, nil)) > 0:
				h := s.hold(ctx, t)
				h.by = p.FullName() + ", which needs it"
				held = append(held, h)
			default:
				_ = t.StartBy(p.FullName()+", which needs it", t.FullName(), false).Wait(ctx) // its state tells
			}
		}
	}
	return held
}

// startEach starts those of the processes that do not run, those first that
// others of them need.
func (s *Supervisor) startEach(ctx context.Context, list []*process.Process, wait bool) ([]api.CallResult, error) {
	list = filter(list, isIdle)
	if s.isRelated.Load() {
		list = s.related().inOrder(list)
	}
	return callAll(ctx, list, s.needful(ctx, wait, starter(ctx, wait)))
}

// canBeStopped tells whether a process runs or is going to. A restart that
// Supervisor has too, at most a second after the end, is not seen.
func canBeStopped(p *process.Process) bool {
	st := p.Status()
	switch st.State {
	case states.Stopping: // and is started again, without an operator's asking for it
		return st.Waiting != "" || st.Again && st.AgainBy != ""
	case states.Exited:
		return st.Waiting != "" || st.Due && p.Current().Restart.IsPaced()
	case states.Stopped, states.Starting, states.Running, states.Backoff, states.Fatal, states.Unknown:
	}
	return st.State.IsRunning() || st.Waiting != ""
}

// stopEach stops those of the processes that run or are going to, those first
// that need others of them.
func (s *Supervisor) stopEach(ctx context.Context, list []*process.Process, wait bool) ([]api.CallResult, error) {
	var some []*process.Process
	for _, p := range list {
		if canBeStopped(p) {
			some = append(some, p)
		}
	}
	list = some
	if !s.isRelated.Load() {
		return callAll(ctx, list, stopper(ctx, wait))
	}
	before := s.related().stopsBefore(list)
	if len(before) == 0 {
		return callAll(ctx, list, stopper(ctx, wait))
	}
	var answers map[*process.Process]process.Answer
	if err := s.order(func(life context.Context) { answers = s.stopInTurn(life, list, before, wait, stopper(ctx, true)) }); err != nil {
		return nil, err
	}
	return callAll(ctx, list, func(p *process.Process, _ string) process.Answer { return answers[p] })
}

// stopInTurn asks each process to stop once those before it are gone, whoever
// waits for that.
func (s *Supervisor) stopInTurn(ctx context.Context, list []*process.Process, before map[*process.Process][]*process.Process,
	wait bool, v verb,
) map[*process.Process]process.Answer {
	answers := make(map[*process.Process]process.Answer, len(list))
	gone := make(map[*process.Process]chan struct{}, len(list))
	for _, p := range list {
		gone[p] = make(chan struct{})
	}
	for _, p := range slices.Backward(s.related().inOrder(list)) {
		var first process.Answer
		if len(before[p]) == 0 {
			if first = v(p, p.FullName()); first.Done() {
				answers[p] = first
				close(gone[p])
				continue
			}
		}
		a, answer := process.Promise()
		answers[p] = a
		if !wait {
			answers[p] = process.Refusal(nil)
		}
		s.living.Go(func() {
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
				first = v(p, p.FullName())
			}
			answer(first.Wait(ctx))
		})
	}
	return answers
}
