package supervisor

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/events"
	"supervisor/supervisord/events/listener"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor/order"
)

// Supervisor is the set of all groups and the mood of the daemon.
type Supervisor struct {
	opts    Options
	saved   Saved // until Activate has taken it over
	mood    atomic.Int32
	tasks   chan task
	ending  chan struct{} // closed when a shutdown or restart begins
	ended   chan struct{} // closed when Run has returned
	resumed bool
	wg      sync.WaitGroup
	// These are complete before Activate:
	observers        []func(*process.Process)
	explainers       []func(*process.Process) []api.Reason
	providers        []func(*config.Process) process.Provider
	exitReason       exitReason
	shutdownTimeouts chan time.Duration // for the shutdown

	hasDependencies atomic.Bool // some process waits for others, or may come to
	changes         statusChanges
	waitProbes      sync.Map // *process.Process to *outside, of those who wait

	mu     sync.RWMutex
	groups []*active // in order of activation
	named  map[string]*active
	index  *index // of groups, nil until wanted
	// regrouped is closed with the next change of groups, nil until wanted.
	groupsChanged chan struct{}

	unconfigured map[*process.Process]func() // and what ends their goroutines

	graph *order.Graph[*process.Process] // of groups, nil until wanted

	lastConfig *config.Config
	nextConfig Checked // what a restart begins with
	scales     []config.Scale
	auto       map[*config.Process]autoLogs // of the processes of last

	// These belong to Run:
	noSocket map[*process.Process]*SavedState // of those being activated: their sockets can't be had

	queue []*process.Process // to be started automatically
	batch []*process.Process // started since the queue was last empty
	ticks ticks

	deferred      map[*process.Process]*deferredStart // those to be started once they can
	lastSeq       int                                 // how many there have been
	deadlineTimer *time.Timer                         // until the first of them has waited too long
}

// active is a group in use and what takes it out of use: its goroutines end,
// and as a pool of listeners it gets no more events.
type active struct {
	*process.Group
	pool *listener.Pool // nil if they are no listeners
	end  func(reason error)
	// start starts the goroutine of a process, stop ends it before the others.
	start, stop func(*process.Process)
}

// task is work for Run.
type task struct {
	do   func(context.Context)
	done chan struct{}
}

// New returns a supervisor without groups. It does nothing before Run.
func New(o Options) *Supervisor {
	s := &Supervisor{
		opts:       o,
		saved:      o.Saved,
		tasks:      make(chan task),
		ending:     make(chan struct{}),
		ended:      make(chan struct{}),
		resumed:    o.Saved.Resumed,
		lastConfig: o.Config,
		scales:     o.Loading.Scales,
		named:      make(map[string]*active),
		auto:       make(map[*config.Process]autoLogs),

		unconfigured: make(map[*process.Process]func()),

		noSocket:         make(map[*process.Process]*SavedState),
		deferred:         make(map[*process.Process]*deferredStart),
		deadlineTimer:    time.NewTimer(time.Hour),
		shutdownTimeouts: make(chan time.Duration, 8),
		changes: statusChanges{
			wake: make(chan struct{}, 1),
			seen: make(map[*process.Process]*process.Status),
			lost: make(map[*process.Process]order.Conditions),
		},
	}
	s.deadlineTimer.Stop()
	s.Observe(s.noteChange)
	s.Explain(s.explainWaiting)
	s.mood.Store(int32(states.DaemonRunning))
	s.connectSockets()
	return s
}

// Mood returns what the daemon is about to do. It never blocks.
func (s *Supervisor) Mood() states.Daemon { return states.Daemon(s.mood.Load()) }

// Identifier is the name of this daemon among others.
func (s *Supervisor) Identifier() string { return s.opts.Config.Supervisord.Identifier }

// Activate puts all configured groups to use, in order. It is called once,
// before Run, and fails if a log directory can't be written to or a FastCGI
// socket can't be created.
func (s *Supervisor) Activate(ctx context.Context) error {
	defer func() { s.saved = Saved{} }() // a group that is added again later must not find it
	for _, g := range s.lastConfig.Groups {
		if s.find(g.Name) != nil {
			continue // two sections made groups of one name: the first has it
		}
		if err := s.activate(ctx, g); err != nil {
			return err
		}
	}
	s.closeUnusedSockets() // of those that have been handed over
	s.restartWithoutSocket(ctx, s.noSocket)
	s.noSocket = nil
	s.adoptUnconfigured(ctx)
	return nil
}

// Run supervises until a shutdown or restart has been asked for and is
// complete. It returns the mood that it ended in.
func (s *Supervisor) Run(ctx context.Context) states.Daemon {
	defer close(s.ended)
	if !s.resumed {
		s.opts.Events.Publish(events.SupervisorRunning, noPayload)
	}
	tick := time.NewTimer(0)
	defer tick.Stop()
	var stopped chan struct{} // closed when the shutdown is complete
	for {
		s.publishTicks(tick)
		if s.Mood() != states.DaemonRunning && stopped == nil {
			stopped = s.beginShutdown(ctx)
		}
		if len(s.queue) > 0 && s.Mood() == states.DaemonRunning {
			select {
			case o := <-s.tasks:
				s.runTask(ctx, o)
			default:
				s.startNext(ctx)
			}
			continue
		}
		select {
		case o := <-s.tasks:
			s.runTask(ctx, o)
		case <-tick.C: // the next round sees to it
		case <-s.changes.wake:
			s.checkDeferred(ctx)
		case <-s.deadlineTimer.C:
			s.checkDeferred(ctx)
		case <-stopped:
			s.stopGoroutines()
			return s.Mood()
		case <-ctx.Done():
			s.stopGoroutines()
			return s.Mood()
		}
	}
}

func noPayload() string { return "" }

func (s *Supervisor) runTask(ctx context.Context, o task) {
	o.do(ctx)
	s.closeUnusedSockets()
	close(o.done)
}

// startNext starts the first of the queue. Its failure is its own affair: the
// log tells, and it is tried again or not as configured. One that has to wait for
// others makes way for the next.
func (s *Supervisor) startNext(ctx context.Context) {
	p := s.queue[0]
	s.queue = s.queue[1:]
	if s.mustWait(p) {
		s.deferStart(ctx, p).wanted = true
	} else {
		s.batch = append(s.batch, p)
		p.Autostart()
	}
	if len(s.queue) == 0 {
		s.endBatch()
	}
}

// endBatch tells all that have been started lately that the others have been too.
func (s *Supervisor) endBatch() {
	if len(s.batch) == 0 {
		s.queue = nil
		return
	}
	for _, p := range s.batch {
		p.BatchStarted()
	}
	s.queue, s.batch = nil, nil
	if s.opts.Hooks.Started != nil {
		s.opts.Hooks.Started()
	}
}

// do has Run do something and waits until it is done. It fails if Run has
// ended.
func (s *Supervisor) do(do func(context.Context)) error {
	o := task{do, make(chan struct{})}
	select {
	case s.tasks <- o:
		<-o.done
		return nil
	case <-s.ended:
		return faults.Bare(faults.ShutdownState)
	}
}

// stopGoroutines ends the goroutines of all processes.
func (s *Supervisor) stopGoroutines() {
	for _, g := range s.list() {
		g.end(nil)
	}
	for _, end := range s.allUnconfigured() {
		end()
	}
	s.wg.Wait()
}

// activate makes the processes of a group, and queues those that start by
// themselves.
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
		o := process.Options{Config: c}
		s.restoreLogs(c)
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
	ctx, cancel := context.WithCancelCause(ctx)
	end := cancel
	if pool != nil {
		if saved := s.saved.Pools[conf.Name]; saved != nil {
			pool.Restore(*saved)
		}
		sub := s.opts.Events.Subscribe(pool.Types(), pool.Accept)
		end = func(reason error) { s.opts.Events.Unsubscribe(sub); cancel(reason) }
	}
	stops := make(map[*process.Process]context.CancelCauseFunc)
	a := &active{Group: g, pool: pool, end: end,
		start: func(p *process.Process) {
			ctx, cancel := context.WithCancelCause(ctx)
			stops[p] = cancel
			s.wg.Go(func() { s.run(ctx, p) })
		},
		stop: func(p *process.Process) {
			stops[p](process.ErrRemoved)
			delete(stops, p)
		},
	}
	for _, p := range g.Processes {
		a.start(p)
	}
	s.mu.Lock()
	s.groups = append(s.groups, a) // whoever has the list sees no more than he had
	s.named[conf.Name] = a
	s.onGroupsChanged()
	s.mu.Unlock()
	if !s.saved.Resumed {
		s.opts.Events.Publish(events.ProcessGroupAdded, func() string { return events.GroupPayload(conf.Name) })
	}
	saved := s.savedStates(g)
	s.restoreSeen(saved)
	restoreGroup(g, saved)
	for p, e := range saved {
		if e.NoSocket != "" {
			s.noSocket[p] = e
		}
	}
	s.enqueue(g)
	return nil
}

// run runs a process. Observers are told when it has been removed, so that nobody
// keeps anything of it.
func (s *Supervisor) run(ctx context.Context, p *process.Process) {
	p.Run(ctx)
	if context.Cause(ctx) == process.ErrRemoved {
		for _, f := range s.observers {
			f(p)
		}
		s.forgetLogs(p)
	}
}

// enqueue orders the automatic starts of a group by priority; equal ones stay
// as listed.
func (s *Supervisor) enqueue(g *process.Group) {
	list := slices.DeleteFunc(slices.Clone(g.Processes), func(p *process.Process) bool {
		return !p.CurrentConfig().Autostart && p.Status().WaitingFor == ""
	})
	slices.SortStableFunc(list, func(a, b *process.Process) int {
		return cmp.Compare(a.CurrentConfig().Priority, b.CurrentConfig().Priority)
	})
	s.queue = append(s.queue, list...)
}

// newProcess completes the options with what all processes have in common.
func (s *Supervisor) newProcess(o process.Options) (*process.Process, error) {
	c, d := o.Config, s.opts.Config.Supervisord
	names, err := s.generateLogs(c)
	if err != nil {
		return nil, err
	}
	o.Stdout, o.Stderr = logFile(c.Stdout, names.stdout), logFile(c.Stderr, names.stderr)
	o.StripANSI, o.ServerURL, o.Environ = d.StripANSI, d.ServerURL, s.opts.Environ
	o.Spawner, o.Events, o.Log, o.Changed = s.opts.Spawner, s.opts.Events, s.opts.Log, s.changeCallback()
	o.RestartLimitReached = s.onRestartLimit
	o.Providers = append(o.Providers, s.providersOf(c)...)
	s.watchDependencies(c)
	return process.New(o), nil
}

// byPriority returns the active groups by ascending priority, equal ones in
// order of activation.
func (s *Supervisor) byPriority() []*active {
	return slices.SortedStableFunc(slices.Values(s.list()), func(a, b *active) int {
		return cmp.Compare(a.Config.Priority, b.Config.Priority)
	})
}
