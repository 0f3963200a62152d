package supervisor

import (
	"cmp"
	"context"
	"slices"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor/groups"
	"supervisor/supervisord/supervisor/loaded"
	"supervisor/supervisord/supervisor/report"
	"supervisor/supervisord/system/sockets"
)

// PendingChanges returns how a group in use differs from the configuration as last read. It
// fails with BAD_NAME unless both have it.
func (s *Supervisor) PendingChanges(group string) (config.GroupDiff, error) {
	g, conf := s.groups.Find(group), loaded.Group(s.conf.Current(), group)
	if g == nil || conf == nil {
		return config.GroupDiff{}, faults.New(faults.BadName, group)
	}
	return report.Diff(conf, g.Group), nil
}

// AddProcesses adds processes to a group in use. With start the automatic starts among
// them are made soon, otherwise all stay STOPPED.
func (s *Supervisor) AddProcesses(group string, configs []*config.Process, start bool) ([]*process.Process, error) {
	var added []*process.Process
	err := s.try(func(context.Context) (err error) {
		added, err = s.addProcesses(group, configs)
		if start && err == nil {
			s.starts.Enqueue(added)
		}
		return err
	})
	return added, err
}

func (s *Supervisor) addProcesses(group string, configs []*config.Process) (added []*process.Process, err error) {
	g, err := s.activeGroup(group)
	if err != nil {
		return nil, err
	}
	m := s.newBuilder(g)
	for _, c := range configs {
		if g.Process(c.Name) != nil {
			m.discard(added)
			return nil, faults.New(faults.BadName, c.Name)
		}
		p, err := m.build(c)
		if err != nil {
			m.discard(added)
			return nil, faults.New(faults.Failed, err.Error())
		}
		added = append(added, p)
	}
	for i, p := range added {
		if e := s.takeUnconfigured(configs[i]); e != nil {
			p.Adopt(e)
		}
	}
	s.setProcesses(g, g.Config, slices.Concat(g.Processes, added))
	return added, nil
}

func (s *Supervisor) activeGroup(group string) (*groups.Active, error) {
	if s.Mood() != states.DaemonRunning {
		return nil, faults.Bare(faults.ShutdownState)
	}
	g := s.groups.Find(group)
	if g == nil {
		return nil, faults.New(faults.BadName, group)
	}
	return g, nil
}

// ReplaceProcess puts a STOPPED process with another configuration and the same name in the
// place of one. It fails with STILL_RUNNING unless the old one has stopped. It blocks while
// a post_stop of that is running.
func (s *Supervisor) ReplaceProcess(old *process.Process, conf *config.Process) (*process.Process, error) {
	_ = waitPostStop(context.Background(), old) // ends with the daemon at the latest
	var fresh *process.Process
	err := s.try(func(context.Context) (err error) {
		fresh, err = s.replaceProcess(old, conf)
		return err
	})
	return fresh, err
}

func (s *Supervisor) replaceProcess(old *process.Process, conf *config.Process) (*process.Process, error) {
	g, err := s.activeGroup(old.Config.Group)
	if err != nil {
		return nil, err
	}
	i := slices.Index(g.Processes, old)
	if i < 0 {
		return nil, faults.New(faults.BadName, old.FullName())
	}
	old.ForbidStarts()
	if !old.Status().State.IsStopped() {
		old.AllowStarts()
		return nil, faults.New(faults.StillRunning, old.FullName())
	}
	fresh, err := s.newBuilder(g).build(conf)
	if err != nil {
		old.AllowStarts()
		return nil, faults.New(faults.Failed, err.Error())
	}
	list := slices.Clone(g.Processes)
	list[i] = fresh
	s.starts.Cancel(old)
	s.setProcesses(g, g.Config, list)
	g.Stop(old)
	return fresh, nil
}

// AllowStarts allows starts of a process that was to be replaced and is not. It does
// nothing during a shutdown.
func (s *Supervisor) AllowStarts(p *process.Process) {
	_ = s.do(func(context.Context) {
		if s.Mood() == states.DaemonRunning {
			p.AllowStarts()
		}
	}) // it fails if Run has ended, and then all processes have
}

// ApplyConfig makes a group go by the configuration as last read. It is FAILED if anything
// is left to do that needs another child, or other processes.
func (s *Supervisor) ApplyConfig(group string) error {
	return s.try(func(context.Context) error { return s.applyConfig(group) })
}

func (s *Supervisor) applyConfig(group string) error {
	g, err := s.activeGroup(group)
	if err != nil {
		return err
	}
	conf := loaded.Group(s.conf.Current(), group)
	if conf == nil {
		return faults.New(faults.BadName, group)
	}
	d := conf.Diff(g.Config)
	if d.Whole != "" || len(d.Added)+len(d.Removed) > 0 || slices.ContainsFunc(d.Kept, func(k config.ProcessDiff) bool { return k.Restarts() }) {
		return faults.New(faults.Failed, "the configuration has changed meanwhile")
	}
	list := slices.Clone(g.Processes)
	for _, k := range d.Kept {
		p := g.Process(k.New.Name)
		s.shareLogs(p, k.New)
		p.Reconfigure(k.New)
		s.starts.AddProcess(k.New)
	}
	sortByConfig(conf, list)
	s.groups.Replace(g, &process.Group{Config: conf, Processes: list})
	s.rescale(conf)
	return nil
}

// shareLogs makes the AUTO logs of a process those of another configuration too.
func (s *Supervisor) shareLogs(p *process.Process, conf *config.Process) {
	var names loaded.AutoLogs
	names.Stdout, names.Stderr = p.AutoLogs()
	s.conf.SetLogs(conf, names)
}

// processBuilder makes further processes of a group in use.
type processBuilder struct {
	*Supervisor
	group   *groups.Active
	sockets map[string]*sockets.Shared // by section, of programs without a process so far
}

func (s *Supervisor) newBuilder(g *groups.Active) *processBuilder {
	return &processBuilder{s, g, make(map[string]*sockets.Shared)}
}

// build makes a process, which is STOPPED, and starts its goroutine.
func (m *processBuilder) build(c *config.Process) (*process.Process, error) {
	if m.group.Pool != nil {
		return nil, faults.New(faults.Failed, "the processes of an event listener share a queue")
	}
	o := process.Options{Config: c}
	if c.Socket != nil {
		socket, err := m.socket(c)
		if err != nil {
			return nil, err
		}
		o.Socket = socket
	}
	p, err := m.newProcess(o)
	if err != nil {
		return nil, err
	}
	m.group.Start(p)
	return p, nil
}

// discard ends the goroutines of processes that are not used after all.
func (m *processBuilder) discard(made []*process.Process) {
	for _, p := range made {
		m.group.Stop(p)
	}
}

// socket returns the socket that a FastCGI process shares with the other processes of its
// program.
func (m *processBuilder) socket(c *config.Process) (process.SharedSocket, error) {
	for _, p := range m.group.Processes {
		if p.Config.Section == c.Section && p.Config.Socket != nil && p.Config.Socket.URL == c.Socket.URL {
			return p.SharedSocket(), nil
		}
	}
	if made := m.sockets[c.Section]; made != nil {
		return made, nil
	}
	made := process.NewSocket(c.Socket, m.opts.Log)
	if _, err := made.Acquire(); err != nil { // a mistake shows before anything is started
		return nil, err
	}
	made.Release()
	m.sockets[c.Section] = made
	return made, nil
}

// setProcesses gives a group other processes, in the order of conf.
func (s *Supervisor) setProcesses(g *groups.Active, conf *config.Group, list []*process.Process) {
	sortByConfig(conf, list)
	kept := make(map[string]*config.Process, len(list))
	for _, c := range g.Config.Processes {
		kept[c.Name] = c
	}
	for _, p := range list {
		if g.Process(p.Config.Name) != p {
			kept[p.Config.Name] = p.Config
		}
	}
	configs := make([]*config.Process, len(list))
	for i, p := range list {
		configs[i] = kept[p.Config.Name]
	}
	s.replaceGroup(g, configs, list)
}

// sortByConfig sorts processes in the order of a configuration. Those that it does not
// have come last.
func sortByConfig(conf *config.Group, list []*process.Process) {
	place := make(map[string]int, len(conf.Processes))
	for i, c := range conf.Processes {
		place[c.Name] = i - len(conf.Processes)
	}
	slices.SortStableFunc(list, func(a, b *process.Process) int { return cmp.Compare(place[a.Config.Name], place[b.Config.Name]) })
}
