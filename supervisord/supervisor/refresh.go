package supervisor

import (
	"context"
	"slices"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
)

func refreshAction(p *process.Process, name string) process.Answer { return p.Refresh(name) }

// refreshable picks those that run and say how to refresh them.
func refreshable(all []*process.Process) []*process.Process {
	return slices.DeleteFunc(slices.Clone(all), func(p *process.Process) bool {
		st := p.Status().State
		return st != states.Running && st != states.Starting || !p.CanRefresh()
	})
}

// RefreshProcess has a process read its own configuration again, as
// process.Process.Refresh does, or those of a group that can if name is "group:*".
// It blocks until that is done. Results are not nil only for a group.
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

// RefreshGroup is RefreshProcess for those of a group that run and can be.
func (s *Supervisor) RefreshGroup(ctx context.Context, name string) ([]api.CallResult, error) {
	g := s.find(name)
	if g == nil {
		return nil, faults.New(faults.BadName, name)
	}
	return callEach(ctx, refreshable(g.ByPriority()), refreshAction)
}

// RefreshAll is RefreshProcess for all that run and can be.
func (s *Supervisor) RefreshAll(ctx context.Context) ([]api.CallResult, error) {
	return callEach(ctx, refreshable(s.allProcesses()), refreshAction)
}

// Environment tells what variables a child of the process that was born now would
// get, and where each comes from. Unless they are to be revealed, values that look
// secret are masked. The fault is BAD_NAME, or FAILED if such a birth would fail
// for a file of variables.
func (s *Supervisor) Environment(name string, reveal bool) ([]api.Variable, error) {
	p, err := s.single(name)
	if err != nil {
		return nil, err
	}
	all, err := p.Environment()
	if err != nil {
		return nil, faults.New(faults.Failed, err.Error())
	}
	list := make([]api.Variable, len(all))
	for i, v := range all {
		list[i] = api.Variable{Name: v.Name, Value: v.Value, Source: v.Source}
		if !reveal {
			list[i].Value, list[i].Masked = config.Mask(v.Name, v.Value)
		}
	}
	return list, nil
}
