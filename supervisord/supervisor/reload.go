package supervisor

import (
	"cmp"
	"context"
	"slices"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/events"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor/report"
)

// Reload reads the configuration again and returns which groups are new, which differ from
// those in use, and which are gone. It changes none of them. A configuration that can't be
// used is CANT_REREAD, and the last one stays.
func (s *Supervisor) Reload(context.Context) (api.Changes, error) {
	fresh, err := s.conf.Load()
	if err != nil {
		return api.Changes{}, faults.New(faults.CantReread, err.Error())
	}
	s.conf.Set(fresh)
	s.closeUnusedSockets()
	return s.compare(fresh), nil
}

func (s *Supervisor) compare(fresh *config.Config) api.Changes {
	var c api.Changes
	configured := make(map[string]bool, len(fresh.Groups))
	for _, g := range fresh.Groups {
		if configured[g.Name] {
			continue
		}
		configured[g.Name] = true
		switch old := s.groups.Find(g.Name); {
		case old == nil:
			c.Added = append(c.Added, g.Name)
		case !old.Config.Equal(g), report.IsOutdated(old.Group, g):
			c.Changed = append(c.Changed, g.Name)
		}
	}
	for _, g := range s.groups.List() {
		if !configured[g.Config.Name] {
			c.Removed = append(c.Removed, g.Config.Name)
		}
	}
	s.dependentsFirst(c.Changed)
	s.dependentsFirst(c.Removed)
	return c
}

// dependentsFirst orders the names of groups so that clients take dependents out of use
// before what they depend on.
func (s *Supervisor) dependentsFirst(groups []string) {
	if !s.starts.HasDependencies() || len(groups) < 2 {
		return
	}
	place := make(map[string]int)
	for i, p := range s.groups.Graph().StartOrder(s.groups.Processes()) {
		place[p.Config.Group] = i
	}
	slices.SortStableFunc(groups, func(a, b string) int { return cmp.Compare(place[b], place[a]) })
}

// AddGroup puts a group of the configuration as last read to use. It does not wait for its
// automatic starts.
func (s *Supervisor) AddGroup(_ context.Context, name string) error {
	return s.try(func(ctx context.Context) error { return s.addGroup(ctx, name) })
}

func (s *Supervisor) addGroup(ctx context.Context, name string) error {
	if s.Mood() < states.DaemonRunning {
		return faults.Bare(faults.ShutdownState)
	}
	for _, g := range s.conf.Current().Groups {
		if g.Name != name {
			continue
		}
		if s.groups.Find(name) != nil {
			return faults.New(faults.AlreadyAdded, name)
		}
		s.saved.Processes = make(map[string]*process.Saved)
		for _, c := range g.Processes {
			if e := s.takeUnconfigured(c); e != nil {
				s.saved.Processes[namespec.Join(c.Group, c.Name)] = e
			}
		}
		err := s.activate(ctx, g)
		s.saved.Processes = nil
		if err != nil {
			return faults.New(faults.Failed, err.Error())
		}
		s.rescale(g)
		return nil
	}
	return faults.New(faults.BadName, name)
}

// RemoveGroup takes a group out of use. It fails with STILL_RUNNING unless all its
// processes have stopped. It blocks while a post_stop is running.
func (s *Supervisor) RemoveGroup(ctx context.Context, name string) error {
	if g := s.groups.Find(name); g != nil {
		if err := waitPostStop(ctx, g.Processes...); err != nil {
			return err
		}
	}
	return s.try(func(context.Context) error { return s.removeGroup(name) })
}

// waitPostStop waits for the post_stop of processes that have stopped: removing a process
// would end it early. Run must not call it.
func waitPostStop(ctx context.Context, processes ...*process.Process) error {
	for _, p := range processes {
		if p.Status().Hook != process.PostStop {
			continue
		}
		if err := p.WaitPostStop(ctx); err != nil {
			return err
		}
	}
	return nil
}

// removeGroup forbids starts before it looks at the states, so that no process starts in
// between. A shutdown forbids starts too, and must not have them allowed again: hence the
// check of the mood.
func (s *Supervisor) removeGroup(name string) error {
	if s.Mood() != states.DaemonRunning {
		return faults.Bare(faults.ShutdownState)
	}
	g := s.groups.Find(name)
	if g == nil {
		return faults.New(faults.BadName, name)
	}
	for _, p := range g.Processes {
		p.ForbidStarts()
	}
	if !g.AllStopped() {
		for _, p := range g.Processes {
			p.AllowStarts()
		}
		return faults.New(faults.StillRunning, name)
	}
	for _, p := range g.Processes {
		s.starts.Cancel(p)
	}
	g.End(process.ErrRemoved)
	s.groups.Remove(g)
	s.opts.Events.Publish(events.ProcessGroupRemoved, func() string { return events.GroupPayload(name) })
	return nil
}
