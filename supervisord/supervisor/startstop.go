package supervisor

import (
	"context"
	"slices"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor/order"
	"supervisor/supervisord/supervisor/starts"
)

func isIdle(st states.Process) bool { return !st.IsRunning() }

// startAction starts a process. A command that can't be found is refused before
// anything is tried.
func startAction(c Call) action {
	return func(p *process.Process, name string) process.Answer {
		if _, _, err := p.Command(); err != nil {
			return process.Answered(err)
		}
		return p.StartBy(c.By, name, c.Wait)
	}
}

func stopAction(c Call) action {
	return func(p *process.Process, name string) process.Answer { return p.StopBy(c.By, name, c.Wait) }
}

// StartProcess starts a process, or all of a group if name is "group:*". Results
// are not nil only for a group. The error is a *faults.Error, or ctx's.
func (s *Supervisor) StartProcess(ctx context.Context, name string, c Call) ([]api.CallResult, error) {
	g, p, err := s.process(name)
	if err != nil {
		return nil, err
	}
	if p == nil {
		return s.startEach(ctx, g.ByPriority(), c)
	}
	return nil, s.startOrWait(c)(p, name).Wait(ctx)
}

// StartGroup starts all processes of a group that do not run.
func (s *Supervisor) StartGroup(ctx context.Context, name string, c Call) ([]api.CallResult, error) {
	g := s.groups.Find(name)
	if g == nil {
		return nil, faults.New(faults.BadName, name)
	}
	return s.startEach(ctx, g.ByPriority(), c)
}

// StartAll starts all processes that do not run.
func (s *Supervisor) StartAll(ctx context.Context, c Call) ([]api.CallResult, error) {
	return s.startEach(ctx, s.groups.Processes(), c)
}

// StopProcess stops a process, or all of a group if name is "group:*". Results are
// not nil only for a group.
func (s *Supervisor) StopProcess(ctx context.Context, name string, c Call) ([]api.CallResult, error) {
	g, p, err := s.process(name)
	if err != nil {
		return nil, err
	}
	if p == nil {
		return s.stopEach(ctx, g.ByPriority(), c)
	}
	return nil, stopAction(c)(p, name).Wait(ctx)
}

// StopGroup stops all processes of a group that run.
func (s *Supervisor) StopGroup(ctx context.Context, name string, c Call) ([]api.CallResult, error) {
	g := s.groups.Find(name)
	if g == nil {
		return nil, faults.New(faults.BadName, name)
	}
	return s.stopEach(ctx, g.ByPriority(), c)
}

// StopAll stops all processes that run.
func (s *Supervisor) StopAll(ctx context.Context, c Call) ([]api.CallResult, error) {
	return s.stopEach(ctx, s.groups.Processes(), c)
}

// KillProcess is StopProcess with SIGKILL at once, for all that a stop concerns. A process
// that is being stopped is killed too.
func (s *Supervisor) KillProcess(ctx context.Context, name string, c Call) ([]api.CallResult, error) {
	return s.call(ctx, name, canBeKilled, killAction(c))
}

// KillGroup kills all processes of a group that run or are being stopped.
func (s *Supervisor) KillGroup(ctx context.Context, name string, c Call) ([]api.CallResult, error) {
	return s.callGroup(ctx, name, canBeKilled, killAction(c))
}

// KillAll kills all processes that run or are being stopped.
func (s *Supervisor) KillAll(ctx context.Context, c Call) ([]api.CallResult, error) {
	return s.callAll(ctx, canBeKilled, killAction(c))
}

func canBeKilled(st states.Process) bool { return st.IsRunning() || st == states.Stopping }

func killAction(c Call) action {
	return func(p *process.Process, name string) process.Answer { return p.Kill(c.By, name, c.Wait) }
}

// startOrWait is startAction, but starts first what the process depends on. The answer
// comes when all of that is up and the process runs, or when it is known that it will not.
func (s *Supervisor) startOrWait(c Call) action {
	direct := startAction(c)
	if c.Alone {
		return direct
	}
	return func(p *process.Process, name string) process.Answer {
		if !s.starts.MayWait(p) {
			return direct(p, name)
		}
		if _, _, err := p.Command(); err != nil {
			return process.Answered(err)
		}
		var a process.Answer
		if err := s.do(func(ctx context.Context) {
			a = s.starts.Start(ctx, p, starts.Request{Name: name, By: c.By, Wait: c.Wait})
		}); err != nil {
			return process.Answered(err)
		}
		return a
	}
}

// startEach starts those of the processes that do not run, dependencies first.
func (s *Supervisor) startEach(ctx context.Context, list []*process.Process, c Call) ([]api.CallResult, error) {
	list = filter(list, isIdle)
	if s.starts.HasDependencies() {
		list = s.groups.Graph().StartOrder(list)
	}
	return callEach(ctx, list, s.startOrWait(c))
}

// stopEach stops those of the processes that run or are about to, dependents first.
func (s *Supervisor) stopEach(ctx context.Context, list []*process.Process, c Call) ([]api.CallResult, error) {
	var some []*process.Process
	for _, p := range list {
		if order.IsStoppable(p.CurrentConfig(), p.Status()) {
			some = append(some, p)
		}
	}
	list = some
	if !s.starts.HasDependencies() {
		return callEach(ctx, list, stopAction(c))
	}
	before := s.groups.Graph().StopsBefore(list)
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

// stopAfterDependents stops each process once those in before have stopped, whether the
// caller waits for that or not.
func (s *Supervisor) stopAfterDependents(ctx context.Context, list []*process.Process, before map[*process.Process][]*process.Process, c Call) map[*process.Process]process.Answer {
	stop := stopAction(Call{By: c.By, Wait: true})
	answers := make(map[*process.Process]process.Answer, len(list))
	stopped := make(map[*process.Process]chan struct{}, len(list))
	for _, p := range list {
		stopped[p] = make(chan struct{})
	}
	for _, p := range slices.Backward(s.groups.Graph().StartOrder(list)) {
		var first process.Answer
		if len(before[p]) == 0 {
			if first = stop(p, p.FullName()); first.Done() {
				answers[p] = first
				close(stopped[p])
				continue
			}
		}
		a, answer := process.Promise()
		answers[p] = a
		if !c.Wait {
			answers[p] = process.Answered(nil)
		}
		s.wg.Go(func() {
			defer close(stopped[p])
			for _, q := range before[p] {
				select {
				case <-stopped[q]:
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
