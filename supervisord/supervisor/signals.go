package supervisor

import (
	"context"
	"slices"
	"syscall"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/events"
	"supervisor/supervisord/process"
)

// SignalProcess sends a signal, by name or number, to a process, or to all of
// a group if name is "group:*". Results are not nil only for a group.
func (s *Supervisor) SignalProcess(ctx context.Context, name, signal string) ([]api.CallResult, error) {
	return s.call(ctx, name, states.Process.IsSignallable, signalAction(signal))
}

// SignalGroup sends a signal to all processes of a group that have a child.
func (s *Supervisor) SignalGroup(ctx context.Context, name, signal string) ([]api.CallResult, error) {
	return s.callGroup(ctx, name, states.Process.IsSignallable, signalAction(signal))
}

// SignalAll sends a signal to all processes that have a child.
func (s *Supervisor) SignalAll(ctx context.Context, signal string) ([]api.CallResult, error) {
	return s.callAll(ctx, states.Process.IsSignallable, signalAction(signal))
}

// SendStdin writes to the stdin of a process.
func (s *Supervisor) SendStdin(_ context.Context, name, chars string) error {
	p, err := s.single(name)
	if err != nil {
		return err
	}
	return p.WriteStdin(name, []byte(chars))
}

func signalAction(text string) action {
	return func(p *process.Process, name string) process.Answer {
		sig, err := parseSignal(text)
		if err != nil {
			return process.Answered(err)
		}
		return process.Answered(p.Signal(name, sig))
	}
}

func parseSignal(text string) (syscall.Signal, error) {
	sig, err := option.ParseSignal(text)
	if err != nil {
		return 0, faults.New(faults.BadSignal, text)
	}
	return sig, nil
}

func refreshAction(p *process.Process, name string) process.Answer { return p.Refresh(name) }

// refreshable returns the processes that run and whose configuration says how to refresh
// them.
func refreshable(all []*process.Process) []*process.Process {
	return slices.DeleteFunc(slices.Clone(all), func(p *process.Process) bool {
		st := p.Status().State
		return st != states.Running && st != states.Starting || !p.CanRefresh()
	})
}

// RefreshProcess makes a program read its own configuration again (see
// process.Process.Refresh), or those of a group that can if name is "group:*". It blocks
// until that is done. Results are not nil only for a group.
func (s *Supervisor) RefreshProcess(ctx context.Context, name string) ([]api.CallResult, error) {
	g, p, err := s.process(name)
	if err != nil {
		return nil, err
	}
	if p == nil {
		return callEach(ctx, refreshable(g.ByPriority()), refreshAction)
	}
	return nil, p.Refresh(name).Wait(ctx)
}

// RefreshGroup refreshes the processes of a group that run and can be refreshed.
func (s *Supervisor) RefreshGroup(ctx context.Context, name string) ([]api.CallResult, error) {
	g := s.groups.Find(name)
	if g == nil {
		return nil, faults.New(faults.BadName, name)
	}
	return callEach(ctx, refreshable(g.ByPriority()), refreshAction)
}

// RefreshAll refreshes all processes that run and can be refreshed.
func (s *Supervisor) RefreshAll(ctx context.Context) ([]api.CallResult, error) {
	return callEach(ctx, refreshable(s.groups.Processes()), refreshAction)
}

// ResetProcess forgets how often a process, or each of a group if name is "group:*", was
// restarted and failed to start. It starts and stops nothing. Results are not nil only for
// a group.
func (s *Supervisor) ResetProcess(ctx context.Context, name string) ([]api.CallResult, error) {
	return s.call(ctx, name, anyState, resetAction)
}

// ResetGroup resets all processes of a group.
func (s *Supervisor) ResetGroup(ctx context.Context, name string) ([]api.CallResult, error) {
	return s.callGroup(ctx, name, anyState, resetAction)
}

// ResetAll resets all processes.
func (s *Supervisor) ResetAll(ctx context.Context) ([]api.CallResult, error) {
	return s.callAll(ctx, anyState, resetAction)
}

func anyState(states.Process) bool { return true }

func resetAction(p *process.Process, name string) process.Answer {
	return process.Answered(p.Reset(name))
}

// RemoteEvent publishes an event that a client made up.
func (s *Supervisor) RemoteEvent(kind, data string) {
	s.opts.Events.Publish(events.RemoteCommunication, func() string { return events.RemotePayload(kind, data) })
}
