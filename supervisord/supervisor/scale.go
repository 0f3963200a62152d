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

// Scales returns the programs that have another number of processes than their
// file says, by group and section. It never blocks.
func (s *Supervisor) Scales() []config.Scale {
	return s.conf.Scales()
}

// recordScale notes how many processes a program has now, and has that recorded.
func (s *Supervisor) recordScale(sc config.Scale) {
	s.conf.SetScale(sc)
	if s.opts.Hooks.Scaled != nil {
		s.opts.Hooks.Scaled(sc)
	}
}

// Scale tells how many processes a program of an active group has, and how many
// of them are surplus. It fails with BAD_NAME.
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

// ScaleOf is Scale for a program that may be gone: then it is scaled to nothing.
func (s *Supervisor) ScaleOf(group, section string) config.Scale {
	for _, o := range s.Scales() {
		if o.Group == group && o.Section == section {
			return o
		}
	}
	return config.Scale{Group: group, Section: section}
}

// Grow makes the processes that a program has under a scale and does not have
// yet, and returns them in the order of process_num. They are at rest. What
// there is of it already must be what the file says, unless an update is under
// way: it is FAILED if it isn't.
func (s *Supervisor) Grow(sc config.Scale, updating bool) ([]*process.Process, error) {
	fresh, err := s.conf.LoadScaled(loaded.WithScale(s.Scales(), sc))
	if err != nil {
		return nil, faults.New(faults.CantReread, err.Error())
	}
	var added []*process.Process
	var fault error
	err = s.do(func(context.Context) { added, fault = s.grow(sc, fresh, updating) })
	return added, cmp.Or(err, fault)
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
			continue // that is for an update
		}
		p, err := m.build(c)
		if err != nil {
			m.discard(added)
			return nil, faults.New(faults.Failed, err.Error())
		}
		added = append(added, p)
	}
	slices.SortFunc(added, byNum)
	s.recordScale(sc) // before anything is born: a later daemon must know whose it is
	s.setProcesses(g, conf, slices.Concat(g.Processes, added))
	return added, nil
}

func configDiffers(group, why string) string {
	return "the configuration of " + group + " is not what runs (" + why + "): update first"
}

// MarkSurplus records that the surplus of a program is to go. Nothing else is done.
func (s *Supervisor) MarkSurplus(sc config.Scale) error {
	return s.do(func(context.Context) { s.recordScale(sc) })
}

// Shrink takes a process out of its group that is beyond what its program
// should have, and counts one less. It is refused with STILL_RUNNING while the
// process is not at rest.
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

// Members returns the processes of a program in an active group, in the order
// of process_num. It never blocks.
func (s *Supervisor) Members(group, section string) []*process.Process {
	g := s.groups.Find(group)
	if g == nil {
		return nil
	}
	list := slices.DeleteFunc(slices.Clone(g.Processes), func(p *process.Process) bool { return p.Config.Section != section })
	slices.SortFunc(list, byNum)
	return list
}

// Programs returns the sections of which an active group has been made. It
// never blocks.
func (s *Supervisor) Programs(group string) []config.Program {
	if g := s.groups.Find(group); g != nil {
		return g.Config.Programs
	}
	return nil
}

// Named returns the process of that name, or all of a group if it is "group:*",
// in the order of their start. It fails with BAD_NAME, and never blocks.
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

// rescale notes how many processes the programs of a group have once it has been
// configured anew.
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
