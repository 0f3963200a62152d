package supervisor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor/report"
)

// reached reports whether a process has come as far as somebody waits for.
type reached func(*config.Process, *process.Status) bool

// goals are what can be waited for.
var goals = map[string]reached{
	"running": func(_ *config.Process, st *process.Status) bool { return st.State == states.Running },
	"ready":   report.IsUsable,
	"stopped": func(_ *config.Process, st *process.Status) bool { return st.State.IsStopped() },
	"exited":  func(_ *config.Process, st *process.Status) bool { return st.State == states.Exited && !st.StartDue },
}

// replaceTimeout is how long a group may be out of use between the removal and the
// addition by which a client replaces it, for those who wait for its processes.
const replaceTimeout = 5 * time.Second

// WaitFor waits until a process, or all of a group if name is "group:*", is
// "running", "ready", "stopped" or "exited", and reports whether it is: false means
// that patience was not enough. It goes by the name: when another process takes the
// place of one, or a group gets others, it waits for those. ABNORMAL_TERMINATION is
// one that was given up instead, BAD_NAME one that has been removed and is not put to
// use again soon, INCORRECT_PARAMETERS another goal. Nothing is started or stopped.
func (s *Supervisor) WaitFor(ctx context.Context, name, goal string, timeout time.Duration) (bool, error) {
	met := goals[goal]
	if met == nil {
		return false, faults.New(faults.IncorrectParameters, fmt.Sprintf("%s is not one of running, ready, stopped, exited", goal))
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for {
		groupsChanged := s.nextGroupsChange() // before the name is looked up, so that no change is missed
		all, err := s.Named(name)
		if err != nil {
			if err := s.awaitReturn(ctx, name); err != nil {
				return false, err
			}
			continue
		}
		done, err := s.waitForAll(ctx, all, goal, met)
		switch {
		case done:
			return true, nil
		case isRemoved(err): // it is over before its group is seen to have changed
			select {
			case <-groupsChanged:
			case <-ctx.Done():
			}
		case err != nil && ctx.Err() == nil:
			return false, err
		}
		if ctx.Err() != nil {
			return false, nil
		}
	}
}

// waitForAll waits for one after the other and reports whether all have come as far,
// and still are there. It fails if one is removed.
func (s *Supervisor) waitForAll(ctx context.Context, all []*process.Process, goal string, met reached) (bool, error) {
	for _, p := range all {
		if err := s.waitForOne(ctx, p, goal, met); err != nil {
			return false, err
		}
	}
	if len(all) == 1 {
		return true, nil
	}
	// What came first may have changed while the others were waited for.
	return !slices.ContainsFunc(all, func(p *process.Process) bool { return !met(p.CurrentConfig(), p.Status()) }), nil
}

func (s *Supervisor) waitForOne(ctx context.Context, p *process.Process, goal string, met reached) error {
	return p.Await(ctx, func(st *process.Status) (bool, error) {
		switch {
		case met(p.CurrentConfig(), st):
			return true, nil
		case st.State == states.Fatal && goal != "stopped":
			return true, faults.New(faults.AbnormalTermination, fmt.Sprintf("%s was given up: %s", p.FullName(), st.SpawnErr))
		}
		return false, nil
	}).Wait(ctx)
}

// isRemoved reports whether a process could not be waited for because there is no
// such process any more.
func isRemoved(err error) bool {
	fault, ok := errors.AsType[*faults.Error](err)
	return ok && fault.Code == faults.BadName
}

// awaitReturn waits until a name is there that is not, as long as it may be that its
// group is just being replaced: it stands in the configuration as last read. It fails
// with BAD_NAME otherwise.
func (s *Supervisor) awaitReturn(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, replaceTimeout)
	defer cancel()
	for {
		groupsChanged := s.nextGroupsChange()
		if _, err := s.Named(name); err == nil {
			return nil
		}
		if !isConfigured(s.configured(), namespec.Parse(name)) {
			return faults.New(faults.BadName, name)
		}
		select {
		case <-groupsChanged:
		case <-ctx.Done():
			return faults.New(faults.BadName, name)
		}
	}
}

// isConfigured reports whether a configuration has a group, or a process of it.
func isConfigured(c *config.Config, spec namespec.Spec) bool {
	g := groupOf(c, spec.Group)
	return g != nil && (spec.WholeGroup() ||
		slices.ContainsFunc(g.Processes, func(p *config.Process) bool { return p.Name == spec.Process }))
}
