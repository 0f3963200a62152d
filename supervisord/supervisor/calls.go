package supervisor

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor/groups"
	"supervisor/supervisord/supervisor/report"
)

// Call says how a start or a stop is requested. The zero value is an operator's request
// that returns before the outcome is known.
type Call struct {
	// By is who requests it, as in "health" or "dependency db", "" for an operator. The
	// processes give it as the reason for their state.
	By string
	// Alone starts a process without its dependencies: they are neither started nor
	// waited for. Stops ignore it.
	Alone bool
	// Wait blocks until the process runs or has stopped.
	Wait bool
}

// action is what a call does to one process. name is how the caller called it.
type action func(p *process.Process, name string) process.Answer

// process finds what a name stands for: one process, or a whole group and nil.
func (s *Supervisor) process(name string) (*groups.Active, *process.Process, error) {
	spec := namespec.Parse(name)
	g := s.groups.Find(spec.Group)
	if p := s.unconfigured.named(spec); p != nil {
		return nil, p, nil
	}
	if g == nil {
		return nil, nil, faults.New(faults.BadName, name)
	}
	if spec.WholeGroup() {
		return g, nil, nil
	}
	p := s.groups.Process(spec)
	if p == nil {
		return nil, nil, faults.New(faults.BadName, name)
	}
	return g, p, nil
}

// single is process for calls that don't take a whole group.
func (s *Supervisor) single(name string) (*process.Process, error) {
	_, p, err := s.process(name)
	if err == nil && p == nil {
		err = faults.New(faults.BadName, name)
	}
	return p, err
}

// call does something to the process of that name, or to those of the group whose states
// match. Results are for groups only.
func (s *Supervisor) call(ctx context.Context, name string, match func(states.Process) bool, v action) ([]api.CallResult, error) {
	g, p, err := s.process(name)
	if err != nil {
		return nil, err
	}
	if p == nil {
		return callEach(ctx, filter(g.ByPriority(), match), v)
	}
	return nil, v(p, name).Wait(ctx)
}

func (s *Supervisor) callGroup(ctx context.Context, name string, match func(states.Process) bool, v action) ([]api.CallResult, error) {
	g := s.groups.Find(name)
	if g == nil {
		return nil, faults.New(faults.BadName, name)
	}
	return callEach(ctx, filter(g.ByPriority(), match), v)
}

func (s *Supervisor) callAll(ctx context.Context, match func(states.Process) bool, v action) ([]api.CallResult, error) {
	return callEach(ctx, filter(s.groups.Processes(), match), v)
}

func filter(all []*process.Process, match func(states.Process) bool) []*process.Process {
	var kept []*process.Process
	for _, p := range all {
		if match(p.Status().State) {
			kept = append(kept, p)
		}
	}
	return kept
}

// completionWindow is how far apart completions may be and still count as simultaneous.
// Those are listed in the order of the calls, so that the same call has the same answer
// every time.
const completionWindow = 100 * time.Millisecond

// callEach does something to each process in turn without waiting for the outcome, then
// collects the results: those known at once first, the others in the order in which they
// arrive.
func callEach(ctx context.Context, list []*process.Process, v action) ([]api.CallResult, error) {
	results := make([]api.CallResult, 0, len(list))
	var pending []*pendingCall
	for _, p := range list {
		a := v(p, p.FullName())
		if a.Done() {
			results = append(results, report.Result(p, a.Wait(ctx)))
			continue
		}
		pending = append(pending, &pendingCall{order: len(pending), process: p, answer: a})
	}
	var all sync.WaitGroup
	for _, w := range pending {
		all.Go(func() {
			w.err = w.answer.Wait(ctx)
			w.ended = time.Now()
		})
	}
	all.Wait()
	for _, w := range sortByCompletion(pending) {
		results = append(results, report.Result(w.process, w.err))
	}
	return results, ctx.Err()
}

// pendingCall is a call whose answer has not come yet.
type pendingCall struct {
	order   int
	process *process.Process
	answer  process.Answer
	err     error
	ended   time.Time
}

func sortByCompletion(pending []*pendingCall) []*pendingCall {
	slices.SortFunc(pending, func(a, b *pendingCall) int { return a.ended.Compare(b.ended) })
	for rest := pending; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].ended.Sub(rest[0].ended) < completionWindow {
			n++
		}
		slices.SortFunc(rest[:n], func(a, b *pendingCall) int { return cmp.Compare(a.order, b.order) })
		rest = rest[n:]
	}
	return pending
}
