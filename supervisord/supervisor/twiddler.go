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

// What the plug-in supervisor_twiddler does: it changes groups in use. A group and its
// configuration are values that others may be reading, so each change makes new ones, which
// share the processes.

// GroupNames lists the groups in use in order of activation.
func (s *Supervisor) GroupNames() []string {
	var names []string
	for _, g := range s.groups.List() {
		names = append(names, g.Config.Name)
	}
	return names
}

// AddProgram adds a program that is in no file to a group in use, for as long as the group
// is in use. It does not wait for the automatic starts. Options that can't be used are
// INCORRECT_PARAMETERS; BAD_NAME is an unknown group, or a process that exists already.
func (s *Supervisor) AddProgram(group, program string, options map[string]string) error {
	return s.try(func(context.Context) error { return s.addProgram(group, program, options) })
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

// RemoveProcess removes one process from a group in use. It fails with STILL_RUNNING unless
// the process has stopped. It blocks while a post_stop is running.
func (s *Supervisor) RemoveProcess(group, name string) error {
	if g := s.groups.Find(group); g != nil {
		if p := g.Process(name); p != nil {
			_ = waitPostStop(context.Background(), p) // ends with the daemon at the latest
		}
	}
	return s.try(func(context.Context) error { return s.removeProcess(group, name) })
}

// removeProcess forbids starts before it looks at the state, as removeGroup does.
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
