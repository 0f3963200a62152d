package supervisor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"supervisor/supervisord/api"
	"supervisor/supervisord/config"
	"supervisor/supervisord/faults"
	"supervisor/supervisord/process"
	"supervisor/supervisord/states"
)

// goals are what can be waited for.
var goals = map[string]func(*config.Process, *process.Status) bool{
	"running": func(_ *config.Process, st *process.Status) bool { return st.State == states.Running },
	"ready":   isUsable,
	"stopped": func(_ *config.Process, st *process.Status) bool { return st.State.IsStopped() },
	"exited":  func(_ *config.Process, st *process.Status) bool { return st.State == states.Exited && !st.Due },
}

// isUsable tells whether a process runs and nothing that is asked for speaks
// against using it.
func isUsable(c *config.Process, st *process.Status) bool {
	return st.State == states.Running && (c.Ready.Kind == config.NoProbe || st.Ready) && st.Health != process.Unhealthy
}

// WaitFor waits until a process, or all of a group if name is "group:*", is
// "running", "ready", "stopped" or "exited", and tells whether it is: false means
// that patience was not enough. ABNORMAL_TERMINATION is one that was given up
// instead, INCORRECT_PARAMETERS another goal. Nothing is started or stopped.
func (s *Supervisor) WaitFor(ctx context.Context, name, goal string, patience time.Duration) (bool, error) {
	met := goals[goal]
	if met == nil {
		return false, faults.New(faults.IncorrectParameters, fmt.Sprintf("%s is not one of running, ready, stopped, exited", goal))
	}
	g, p, err := s.process(name)
	if err != nil {
		return false, err
	}
	all := []*process.Process{p}
	if p == nil {
		all = g.InOrder()
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, p := range all {
		done, err := s.waitForOne(ctx, p, goal, met)
		if !done || err != nil {
			return false, err
		}
	}
	// What came first may have changed while the others were waited for.
	return !slices.ContainsFunc(all, func(p *process.Process) bool { return !met(p.Current(), p.Status()) }), nil
}

func (s *Supervisor) waitForOne(ctx context.Context, p *process.Process, goal string, met func(*config.Process, *process.Status) bool) (bool, error) {
	err := p.Await(ctx, func(st *process.Status) (bool, error) {
		switch {
		case met(p.Current(), st):
			return true, nil
		case st.State == states.Fatal && goal != "stopped":
			return true, faults.New(faults.AbnormalTermination, fmt.Sprintf("%s was given up: %s", p.FullName(), st.SpawnErr))
		}
		return false, nil
	}).Wait(ctx)
	if ctx.Err() != nil && err == ctx.Err() {
		return false, nil
	}
	return err == nil, err
}

// Healths tells of all processes that are to be ready or healthy, ordered by
// group and name.
func (s *Supervisor) Healths() []api.Health {
	var all []api.Health
	now := time.Now()
	for _, p := range s.indexed().sorted {
		c := p.Current()
		if c.Ready.Kind == config.NoProbe && c.Health.Kind == config.NoProbe {
			continue
		}
		h := api.Health{Name: p.Config.Name, Group: p.Config.Group, Now: epoch(now)}
		var since time.Time
		h.Condition, since, h.Error = healthOf(c, p.Status())
		h.Since = epoch(since)
		all = append(all, h)
	}
	return all
}

// healthOf puts what is known of a process into a word.
func healthOf(c *config.Process, st *process.Status) (condition string, since time.Time, last string) {
	asksReady, asksHealth := c.Ready.Kind != config.NoProbe, c.Health.Kind != config.NoProbe
	at := st.VitalsAt
	if at.IsZero() {
		at = st.Started
	}
	switch {
	case st.State == states.Starting && asksReady && st.Late:
		return "late", st.ReadyBy, st.NotYet
	case st.State == states.Starting && asksReady && !st.Ready:
		return "waiting", st.Started, st.NotYet
	case st.State == states.Starting && asksReady:
		return "ready", at, ""
	case st.State == states.Starting:
		return "waiting", st.Started, ""
	case st.State != states.Running:
		return strings.ToLower(st.State.String()), st.Ended, st.SpawnErr
	case asksHealth && st.Health == process.Unhealthy:
		return "unhealthy", at, st.Ill
	case asksReady && !st.Ready:
		return "unready", at, st.NotYet
	case asksHealth && st.Ill != "":
		return "failing", at, st.Ill
	case asksHealth && st.Health == process.Healthy:
		return "healthy", at, ""
	case !asksReady:
		return "unknown", st.Started, ""
	}
	return "ready", at, ""
}
