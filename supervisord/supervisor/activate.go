package supervisor

import (
	"context"

	"supervisor/supervisord/config"
	"supervisor/supervisord/events"
	"supervisor/supervisord/events/listener"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor/groups"
)

// Activate puts all configured groups to use, in order, and takes over what an earlier
// daemon left. It is called once, before Run. It fails if a log directory can't be written
// to or a FastCGI socket can't be created.
func (s *Supervisor) Activate(ctx context.Context) error {
	defer func() { s.saved = Saved{} }() // a group that is added again later must not find it
	for _, g := range s.conf.Current().Groups {
		if s.groups.Find(g.Name) != nil {
			continue // two sections made groups of one name: the first has it
		}
		if err := s.activate(ctx, g); err != nil {
			return err
		}
	}
	s.closeUnusedSockets() // of those that were handed over
	s.restartWithoutSocket(ctx, s.noSocket)
	s.noSocket = nil
	s.adoptUnconfigured(ctx)
	return nil
}

// activate puts a group to use, and queues the processes that start by themselves.
func (s *Supervisor) activate(ctx context.Context, conf *config.Group) error {
	g := &process.Group{Config: conf}
	sockets, err := s.sockets(conf)
	if err != nil {
		return err
	}
	var pool *listener.Pool
	if conf.Kind == config.EventListener {
		pool = listener.New(conf, s.Identifier(), s.opts.Log, s.opts.Stdout)
	}
	for _, c := range conf.Processes {
		s.restoreLogs(c)
		o := process.Options{Config: c}
		if socket := sockets[c.Socket]; socket != nil {
			o.Socket = socket
		}
		if pool != nil {
			o.EventListener = pool.Member(c.Name)
		}
		p, err := s.newProcess(o)
		if err != nil {
			return err
		}
		g.Processes = append(g.Processes, p)
	}
	a := groups.NewActive(ctx, g, func(ctx context.Context, p *process.Process) {
		s.wg.Go(func() { s.runProcess(ctx, p) })
	})
	if pool != nil {
		s.connectPool(a, pool)
	}
	for _, p := range g.Processes {
		a.Start(p)
	}
	s.groups.Add(a)
	if !s.saved.Resumed {
		s.opts.Events.Publish(events.ProcessGroupAdded, func() string { return events.GroupPayload(conf.Name) })
	}
	s.restoreProcesses(g)
	s.starts.Enqueue(g.Processes)
	return nil
}

// connectPool makes a group a pool of event listeners, which goes on where an earlier
// daemon left it.
func (s *Supervisor) connectPool(a *groups.Active, pool *listener.Pool) {
	if saved, ok := s.saved.Pools[a.Config.Name]; ok {
		pool.Restore(saved)
	}
	sub := s.opts.Events.Subscribe(pool.Types(), pool.Accept)
	a.SetPool(pool, func() { s.opts.Events.Unsubscribe(sub) })
}

// runProcess runs a process. Observers get a last call when it has been removed, so that
// they can forget it.
func (s *Supervisor) runProcess(ctx context.Context, p *process.Process) {
	p.Run(ctx)
	if context.Cause(ctx) == process.ErrRemoved {
		for _, f := range s.observers {
			f(p)
		}
		s.conf.ForgetLogs(p)
	}
}

// newProcess completes the options with what all processes have in common.
func (s *Supervisor) newProcess(o process.Options) (*process.Process, error) {
	c, d := o.Config, s.opts.Config.Supervisord
	names, err := s.conf.GenerateLogs(c)
	if err != nil {
		return nil, err
	}
	o.Stdout, o.Stderr = logFile(c.Stdout, names.Stdout), logFile(c.Stderr, names.Stderr)
	o.StripANSI, o.ServerURL, o.Environ = d.StripANSI, d.ServerURL, s.opts.Environ
	o.Spawner, o.Events, o.Log, o.Changed = s.opts.Spawner, s.opts.Events, s.opts.Log, s.changeCallback()
	o.RestartLimitReached = s.onRestartLimit
	o.Providers = append(o.Providers, s.providersOf(c)...)
	s.starts.AddProcess(c)
	return process.New(o), nil
}

// logFile is the file that a stream is logged to, "" for none.
func logFile(l config.Log, generated string) string {
	if l.Auto {
		return generated
	}
	return l.File
}
