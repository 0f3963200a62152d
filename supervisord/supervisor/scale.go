package supervisor

import (
	"cmp"
	"context"
	"slices"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor/loaded"
)

// Scales returns the programs that have another number of processes than their file says,
// by group and section. It never blocks.
func (s *Supervisor) Scales() []config.Scale { return s.conf.Scales() }

// recordScale records how many processes a program has now.
func (s *Supervisor) recordScale(sc config.Scale) {
	s.conf.SetScale(sc)
	if s.opts.Hooks.Scaled != nil {
		s.opts.Hooks.Scaled(sc)
	}
}

// Scale returns how many processes a program of a group in use has, and how many of them
// are surplus. It fails with BAD_NAME.
func (s *Supervisor) Scale(group, section string) (config.Scale, error) {
	g := s.groups.Find(group)
	if g == nil {
		return config.Scale{}, faults.New(faults.BadName, group)
	}
	for _, p := range g.Config.Programs {
		if p.Section == section {
			sc := config.Scale{Group: group, Section: section, Numprocs: p.Numprocs, Of: p.Numprocs}
			for _, o := range s.Scales() {
				if o.Group == group && o.Section == section {
					sc = o
				}
			}
			return sc, nil
		}
	}
	return config.Scale{}, faults.New(faults.BadName, section)
}

// ScaleOf is Scale for a program that may be gone: then the scale is zero.
func (s *Supervisor) ScaleOf(group, section string) config.Scale {
	for _, o := range s.Scales() {
		if o.Group == group && o.Section == section {
			return o
		}
	}
	return config.Scale{Group: group, Section: section}
}

// Grow makes the processes that a program has with a scale and does not have yet, and
// returns them in the order of process_num. They are STOPPED. Unless an update is under way
// it is FAILED if the processes that exist differ from the file.
func (s *Supervisor) Grow(sc config.Scale, updating bool) ([]*process.Process, error) {
	fresh, err := s.conf.LoadScaled(loaded.WithScale(s.Scales(), sc))
	if err != nil {
		return nil, faults.New(faults.CantReread, err.Error())
	}
	var added []*process.Process
	err = s.try(func(context.Context) (err error) {
		added, err = s.grow(sc, fresh, updating)
		return err
	})
	return added, err
}

func (s *Supervisor) grow(sc config.Scale, fresh *config.Config, updating bool) ([]*process.Process, error) {
	if s.Mood() != states.DaemonRunning {
		return nil, faults.Bare(faults.ShutdownState)
	}
	g, conf := s.groups.Find(sc.Group), loaded.Group(fresh, sc.Group)
	if g == nil || conf == nil {
		return nil, faults.New(faults.BadName, sc.Group)
	}
	d := conf.Diff(g.Config)
	if d.Whole != "" {
		return nil, faults.New(faults.Failed, configDiffers(sc.Group, d.Whole))
	}
	for _, k := range d.Kept {
		if k.New.Section == sc.Section && len(k.Changes) > 0 && !updating {
			return nil, faults.New(faults.Failed, configDiffers(sc.Group, k.Changes[0].Option))
		}
	}
	m := s.newBuilder(g)
	var added []*process.Process
	for _, c := range d.Added {
		if c.Section != sc.Section {
			continue // an update adds it
		}
		p, err := m.build(c)
		if err != nil {
			m.discard(added)
			return nil, faults.New(faults.Failed, err.Error())
		}
		added = append(added, p)
	}
	slices.SortFunc(added, byNum)
	s.recordScale(sc) // before the first spawn: a later daemon must know what the children belong to
	s.setProcesses(g, conf, slices.Concat(g.Processes, added))
	return added, nil
}

func configDiffers(group, why string) string {
	return "the configuration of " + group + " is not what runs (" + why + "): update first"
}

// MarkSurplus records the surplus of a program, and does nothing else.
func (s *Supervisor) MarkSurplus(sc config.Scale) error {
	return s.do(func(context.Context) { s.recordScale(sc) })
}

// Shrink removes a surplus process of a program from its group and records that. It fails
// with STILL_RUNNING unless the process has stopped.
func (s *Supervisor) Shrink(p *process.Process) error {
	if err := s.RemoveProcess(p.Config.Group, p.Config.Name); err != nil {
		return err
	}
	sc, err := s.Scale(p.Config.Group, p.Config.Section)
	if err != nil {
		return err
	}
	sc.Numprocs, sc.Surplus = sc.Numprocs-1, max(sc.Surplus-1, 0)
	return s.do(func(context.Context) { s.recordScale(sc) })
}

// Members returns the processes of a program in a group in use, in the order of
// process_num. It never blocks.
func (s *Supervisor) Members(group, section string) []*process.Process {
	g := s.groups.Find(group)
	if g == nil {
		return nil
	}
	list := slices.DeleteFunc(slices.Clone(g.Processes), func(p *process.Process) bool { return p.Config.Section != section })
	slices.SortFunc(list, byNum)
	return list
}

// Programs returns the sections that a group in use was made of. It never blocks.
func (s *Supervisor) Programs(group string) []config.Program {
	if g := s.groups.Find(group); g != nil {
		return g.Config.Programs
	}
	return nil
}

// Named returns the process of that name, or all of a group if it is "group:*", by
// priority. It fails with BAD_NAME, and never blocks.
func (s *Supervisor) Named(name string) ([]*process.Process, error) {
	g, p, err := s.process(name)
	switch {
	case err != nil:
		return nil, err
	case p == nil:
		return g.ByPriority(), nil
	}
	return []*process.Process{p}, nil
}

func byNum(a, b *process.Process) int { return cmp.Compare(a.Config.Num, b.Config.Num) }

// rescale records how many processes the programs of a group have after its configuration
// has changed.
func (s *Supervisor) rescale(conf *config.Group) {
	for _, o := range s.Scales() {
		if o.Group != conf.Name {
			continue
		}
		o.Numprocs, o.Surplus, o.Of = 0, 0, 0
		for _, p := range conf.Programs {
			if p.Section == o.Section {
				o.Of = p.Numprocs
			}
		}
		for _, p := range conf.Processes {
			if p.Section == o.Section {
				o.Numprocs++
			}
		}
		s.recordScale(o)
	}
}
