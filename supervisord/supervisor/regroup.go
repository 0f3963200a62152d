package supervisor

import (
	"cmp"
	"context"
	"slices"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
)

// Pending tells how an active group differs from the configuration as last read.
// It fails with BAD_NAME if either does not have it.
func (s *Supervisor) Pending(group string) (config.GroupDiff, error) {
	g, conf := s.find(group), groupOf(s.configured(), group)
	if g == nil || conf == nil {
		return config.GroupDiff{}, faults.New(faults.BadName, group)
	}
	return diff(conf, g), nil
}

// Join makes processes that an active group does not have. They are at rest, or
// start in their own time as those of a new group do.
func (s *Supervisor) Join(group string, configs []*config.Process, start bool) ([]*process.Process, error) {
	var added []*process.Process
	var fault error
	err := s.order(func(context.Context) {
		added, fault = s.join(group, configs)
		if start && fault == nil {
			s.enqueue(&process.Group{Processes: added})
		}
	})
	return added, cmp.Or(err, fault)
}

func (s *Supervisor) join(group string, configs []*config.Process) (added []*process.Process, err error) {
	g, err := s.usable(group)
	if err != nil {
		return nil, err
	}
	m := s.member(g)
	for _, c := range configs {
		if g.Process(c.Name) != nil {
			m.drop(added)
			return nil, faults.New(faults.BadName, c.Name)
		}
		p, err := m.make(c)
		if err != nil {
			m.drop(added)
			return nil, faults.New(faults.Failed, err.Error())
		}
		added = append(added, p)
	}
	for i, p := range added {
		if e := s.reclaim(configs[i]); e != nil {
			p.Adopt(&e.Estate)
		}
	}
	s.install(g, g.Config, slices.Concat(g.Processes, added))
	return added, nil
}

func (s *Supervisor) usable(group string) (*active, error) {
	if s.Mood() != states.DaemonRunning {
		return nil, faults.Bare(faults.ShutdownState)
	}
	g := s.find(group)
	if g == nil {
		return nil, faults.New(faults.BadName, group)
	}
	return g, nil
}

// Exchange puts a process with another configuration and the same name in the
// place of one, which must be at rest: else it is STILL_RUNNING. A post_stop of
// that is waited for. The new one is
// at rest too.
func (s *Supervisor) Exchange(old *process.Process, conf *config.Process) (*process.Process, error) {
	var fresh *process.Process
	var fault error
	_ = cleanedUp(context.Background(), old) // ends with the daemon at the latest
	err := s.order(func(context.Context) { fresh, fault = s.exchange(old, conf) })
	return fresh, cmp.Or(err, fault)
}

func (s *Supervisor) exchange(old *process.Process, conf *config.Process) (*process.Process, error) {
	g, err := s.usable(old.Config.Group)
	if err != nil {
		return nil, err
	}
	i := slices.Index(g.Processes, old)
	if i < 0 {
		return nil, faults.New(faults.BadName, old.FullName())
	}
	old.Hold()
	if !old.Status().State.IsStopped() {
		old.Release()
		return nil, faults.New(faults.StillRunning, old.FullName())
	}
	fresh, err := s.member(g).make(conf)
	if err != nil {
		old.Release()
		return nil, faults.New(faults.Failed, err.Error())
	}
	list := slices.Clone(g.Processes)
	list[i] = fresh
	s.retire(old)
	s.install(g, g.Config, list)
	g.stop(old)
	return fresh, nil
}

// Release allows the births of a process again that was to be replaced and is not,
// unless the daemon is about to end: then there are to be none.
func (s *Supervisor) Release(p *process.Process) {
	_ = s.order(func(context.Context) {
		if s.Mood() == states.DaemonRunning {
			p.Release()
		}
	}) // or Run has ended, and all processes with it
}

// TakeOver has a group go by the configuration as last read, of which all that
// could not be taken over while it runs must have been seen to.
func (s *Supervisor) TakeOver(group string) error {
	var fault error
	err := s.order(func(context.Context) { fault = s.takeOver(group) })
	return cmp.Or(err, fault)
}

func (s *Supervisor) takeOver(group string) error {
	g, err := s.usable(group)
	if err != nil {
		return err
	}
	conf := groupOf(s.configured(), group)
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
		s.keepLogs(p, k.New)
		p.Reconfigure(k.New)
		s.relate(k.New)
	}
	inOrderOf(conf, list)
	s.put(g, &process.Group{Config: conf, Processes: list})
	s.rescale(conf)
	return nil
}

// keepLogs has the AUTO logs of a process be those of another configuration too.
func (s *Supervisor) keepLogs(p *process.Process, conf *config.Process) {
	var names autoLogs
	names.stdout, names.stderr = AutoLogs(p)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.auto[conf] = names
}

// members makes processes of a group that is in use.
type members struct {
	*Supervisor
	group   *active
	sockets map[string]*process.Socket // by section, of programs without a process so far
}

func (s *Supervisor) member(g *active) *members {
	return &members{s, g, make(map[string]*process.Socket)}
}

// make makes a process and starts its goroutine. The process is at rest.
func (m *members) make(c *config.Process) (*process.Process, error) {
	if m.group.pool != nil {
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
	m.group.start(p)
	return p, nil
}

// drop ends the goroutines of processes that are not put to use after all.
func (m *members) drop(made []*process.Process) {
	for _, p := range made {
		m.group.stop(p)
	}
}

// socket returns the socket that a FastCGI process has together with its
// siblings.
func (m *members) socket(c *config.Process) (process.Listening, error) {
	for _, p := range m.group.Processes {
		if p.Config.Section == c.Section && p.Config.Socket != nil && p.Config.Socket.URL == c.Socket.URL {
			return p.Socket, nil
		}
	}
	if made := m.sockets[c.Section]; made != nil {
		return made, nil
	}
	made := process.NewSocket(c.Socket, m.Log)
	if _, err := made.Acquire(); err != nil { // a mistake shows before anything is started
		return nil, err
	}
	made.Release()
	m.sockets[c.Section] = made
	return made, nil
}

// install gives a group other processes, in the order that conf has them in.
func (s *Supervisor) install(g *active, conf *config.Group, list []*process.Process) {
	inOrderOf(conf, list)
	stays := make(map[string]*config.Process, len(list))
	for _, c := range g.Config.Processes {
		stays[c.Name] = c
	}
	for _, p := range list {
		if g.Process(p.Config.Name) != p {
			stays[p.Config.Name] = p.Config
		}
	}
	configs := make([]*config.Process, len(list))
	for i, p := range list {
		configs[i] = stays[p.Config.Name]
	}
	s.replace(g, configs, list)
}

// inOrderOf sorts processes as a configuration has them. Those that it does not
// know come last.
func inOrderOf(conf *config.Group, list []*process.Process) {
	place := make(map[string]int, len(conf.Processes))
	for i, c := range conf.Processes {
		place[c.Name] = i - len(conf.Processes)
	}
	slices.SortStableFunc(list, func(a, b *process.Process) int { return cmp.Compare(place[a.Config.Name], place[b.Config.Name]) })
}
