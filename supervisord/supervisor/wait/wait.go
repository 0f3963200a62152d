package wait

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor/report"
)

// reached reports whether a process has reached a goal.
type reached func(*config.Process, *process.Status) bool

// goals are what can be waited for.
var goals = map[string]reached{
	"running": func(_ *config.Process, st *process.Status) bool { return st.State == states.Running },
	"ready":   report.IsUsable,
	"stopped": func(_ *config.Process, st *process.Status) bool { return st.State.IsStopped() },
	"exited":  func(_ *config.Process, st *process.Status) bool { return st.State == states.Exited && !st.StartDue },
}

// replaceTimeout is how long a name may stand for nothing while a client replaces a group
// by removing it and adding it again.
const replaceTimeout = 5 * time.Second

// Waiter knows what names stand for. Its functions must not block.
type Waiter struct {
	// Named returns the process of a name, or all of a group for "group:*", or a fault.
	Named func(name string) ([]*process.Process, error)
	// IsConfigured reports whether the configuration as last read has that name.
	IsConfigured func(name string) bool
	// NextChange returns a channel that is closed when names stand for something else.
	NextChange func() <-chan struct{}
}

// For waits until a process, or all of a group if name is "group:*", has reached a goal,
// and reports whether it has before the timeout. A process that was given up instead is
// ABNORMAL_TERMINATION, one that has been removed and does not come back is BAD_NAME, and
// another goal INCORRECT_PARAMETERS.
func (w *Waiter) For(ctx context.Context, name, goal string, timeout time.Duration) (bool, error) {
	met := goals[goal]
	if met == nil {
		return false, faults.New(faults.IncorrectParameters, fmt.Sprintf("%s is not one of running, ready, stopped, exited", goal))
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for {
		changed := w.NextChange() // before the name is looked up, so that no change is missed
		all, err := w.Named(name)
		if err != nil {
			if err := w.awaitReturn(ctx, name); err != nil {
				return false, err
			}
			continue
		}
		done, err := waitForAll(ctx, all, goal, met)
		switch {
		case done:
			return true, nil
		case isRemoved(err): // which shows before the table of groups has changed
			select {
			case <-changed:
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

// waitForAll waits for one process after the other and reports whether all have reached
// the goal and are still there. It fails if one is removed.
func waitForAll(ctx context.Context, all []*process.Process, goal string, met reached) (bool, error) {
	for _, p := range all {
		if err := waitForOne(ctx, p, goal, met); err != nil {
			return false, err
		}
	}
	if len(all) == 1 {
		return true, nil
	}
	// The first ones may have changed while the others were waited for.
	return !slices.ContainsFunc(all, func(p *process.Process) bool { return !met(p.CurrentConfig(), p.Status()) }), nil
}

func waitForOne(ctx context.Context, p *process.Process, goal string, met reached) error {
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

// isRemoved reports whether a process could not be waited for because it was removed.
func isRemoved(err error) bool {
	fault, ok := errors.AsType[*faults.Error](err)
	return ok && fault.Code == faults.BadName
}

// awaitReturn waits until a name stands for something again, as long as its group may just
// be being replaced, which it is only if it is configured. It fails with BAD_NAME
// otherwise.
func (w *Waiter) awaitReturn(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, replaceTimeout)
	defer cancel()
	for {
		changed := w.NextChange()
		if _, err := w.Named(name); err == nil {
			return nil
		}
		if !w.IsConfigured(name) {
			return faults.New(faults.BadName, name)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return faults.New(faults.BadName, name)
		}
	}
}
