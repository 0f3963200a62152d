package supervisor

import (
	"context"
	"slices"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor/groups"
)

// Groups change while they are in use only here, for clients that know it from
// supervisor_twiddler. A group and its configuration are values that others may
// be looking at, so each change makes new ones, which share the processes.

// GroupNames lists the active groups in order of activation.
func (s *Supervisor) GroupNames() []string {
	var names []string
	for _, g := range s.groups.List() {
		names = append(names, g.Config.Name)
	}
	return names
}

// AddProgram adds a program that stands in no file to an active group, for as
// long as the group is active. Its processes start in their own time. Options
// that can't be used are INCORRECT_PARAMETERS; BAD_NAME is a group that is not
// there, or a process that is.
func (s *Supervisor) AddProgram(group, program string, options map[string]string) error {
	var fault error
	err := s.do(func(context.Context) { fault = s.addProgram(group, program, options) })
	if err != nil {
		return err
	}
	return fault
}

func (s *Supervisor) addProgram(group, program string, options map[string]string) error {
	if s.Mood() != states.DaemonRunning {
		return faults.Bare(faults.ShutdownState)
	}
	g := s.groups.Find(group)
	if g == nil {
		return faults.New(faults.BadName, "group: "+group)
	}
	configs, err := s.conf.LoadProgram(group, program, options)
	if err != nil {
		return faults.New(faults.IncorrectParameters, err.Error())
	}
	all := slices.Clone(g.Config.Processes)
	for _, c := range configs {
		if slices.ContainsFunc(all, func(old *config.Process) bool { return old.Name == c.Name }) {
			return faults.New(faults.BadName, c.Name)
		}
		all = append(all, c)
	}
	added := &process.Group{Config: g.Config}
	for _, c := range configs {
		p, err := s.newProcess(process.Options{Config: c})
		if err != nil {
			return faults.New(faults.Failed, err.Error())
		}
		added.Processes = append(added.Processes, p)
	}
	for _, p := range added.Processes {
		g.Start(p)
	}
	s.replaceGroup(g, all, slices.Concat(g.Processes, added.Processes))
	s.starts.Enqueue(added.Processes)
	return nil
}

// RemoveProcess takes one process out of an active group, wherever it came from.
// It is refused with STILL_RUNNING while the process is not at rest. A post_stop
// under way is waited for.
func (s *Supervisor) RemoveProcess(group, name string) error {
	if g := s.groups.Find(group); g != nil {
		if p := g.Process(name); p != nil {
			_ = cleanedUp(context.Background(), p) // ends with the daemon at the latest
		}
	}
	var fault error
	err := s.do(func(context.Context) { fault = s.removeProcess(group, name) })
	if err != nil {
		return err
	}
	return fault
}

// removeProcess holds the process before it looks at it, as removeGroup does.
func (s *Supervisor) removeProcess(group, name string) error {
	if s.Mood() != states.DaemonRunning {
		return faults.Bare(faults.ShutdownState)
	}
	g := s.groups.Find(group)
	if g == nil {
		return faults.New(faults.BadName, "group: "+group)
	}
	p := g.Process(name)
	if p == nil {
		return faults.New(faults.BadName, name)
	}
	p.ForbidStarts()
	if !p.Status().State.IsStopped() {
		p.AllowStarts()
		return faults.New(faults.StillRunning, name)
	}
	s.starts.Cancel(p)
	s.replaceGroup(g,
		slices.DeleteFunc(slices.Clone(g.Config.Processes), func(c *config.Process) bool { return c.Name == name }),
		slices.DeleteFunc(slices.Clone(g.Processes), func(other *process.Process) bool { return other == p }))
	g.Stop(p)
	return nil
}

// replaceGroup puts another value of a group in its place, both in the table and in the
// configuration as last read, if the group is one of that.
func (s *Supervisor) replaceGroup(old *groups.Active, configs []*config.Process, processes []*process.Process) {
	conf := *old.Config
	conf.Processes = configs
	s.groups.Replace(old, &process.Group{Config: &conf, Processes: processes})
	s.conf.ReplaceGroup(old.Config, &conf)
}
