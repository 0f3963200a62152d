package supervisor

import (
	"context"
	"sync"
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/events"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor/groups"
	"supervisor/supervisord/supervisor/loaded"
	"supervisor/supervisord/supervisor/starts"
	"supervisor/supervisord/supervisor/ticks"
)

// Supervisor is all groups of processes, and the mood of the daemon. Its methods may be
// called from anywhere.
type Supervisor struct {
	opts   Options
	tasks  chan task
	ended  chan struct{} // closed when Run has returned
	wg     sync.WaitGroup
	mood   *mood
	conf   *loaded.Configuration
	groups *groups.Table
	extensions
	unconfigured unconfigured

	// The owners of these are Activate, and then Run:
	saved    Saved // what Activate has not taken over yet
	resumed  bool  // Saved.Resumed
	noSocket map[*process.Process]*process.Saved
	starts   *starts.Starts
	ticks    ticks.Ticks
}

// task is work for Run.
type task struct {
	do   func(context.Context)
	done chan struct{}
}

// New returns a supervisor without groups. It does nothing before Run.
func New(o Options) *Supervisor {
	s := &Supervisor{
		opts:     o,
		tasks:    make(chan task),
		ended:    make(chan struct{}),
		mood:     newMood(),
		conf:     loaded.New(o.Config, o.Source),
		saved:    o.Saved,
		resumed:  o.Saved.Resumed,
		noSocket: make(map[*process.Process]*process.Saved),
	}
	s.opts.Saved = Saved{} // it is large
	s.unconfigured.end = make(map[*process.Process]func())
	s.groups = groups.NewTable(func() { s.starts.Notify() }) // what a start waits for may be gone
	s.starts = starts.New(starts.Options{
		Groups: s.groups, Log: o.Log, Probe: o.Check, Go: s.wg.Go, BatchDone: o.Hooks.Started,
		Forbidden: func() bool { return s.Mood() != states.DaemonRunning },
	})
	s.Observe(s.starts.NoteChange)
	s.Explain(s.explainWaiting)
	s.connectSockets()
	return s
}

// Identifier returns the name of this daemon, which tells it from others.
func (s *Supervisor) Identifier() string { return s.opts.Config.Supervisord.Identifier }

// Run supervises until a shutdown or restart has been requested and is complete, or until
// ctx ends. It returns the mood that it ended in. A Supervisor runs once.
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
		isRunning := s.Mood() == states.DaemonRunning
		if !isRunning && stopped == nil {
			stopped = s.beginShutdown(ctx)
		}
		if isRunning && s.starts.HasNext() {
			select {
			case t := <-s.tasks:
				s.runTask(ctx, t)
			default:
				s.starts.Next(ctx)
			}
			continue
		}
		select {
		case t := <-s.tasks:
			s.runTask(ctx, t)
		case <-tick.C: // publishTicks is next
		case <-s.starts.Wake():
			s.starts.Check(ctx)
		case <-s.starts.Deadline():
			s.starts.Check(ctx)
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

// publishTicks publishes the ticks that are due and sets the timer for the next ones.
// Each iteration of Run calls it, because anything may have added or removed a subscriber.
func (s *Supervisor) publishTicks(timer *time.Timer) {
	if delay := s.ticks.Publish(time.Now(), s.opts.Events); delay > 0 {
		timer.Reset(delay)
		return
	}
	timer.Stop()
}

func (s *Supervisor) runTask(ctx context.Context, t task) {
	t.do(ctx)
	s.closeUnusedSockets()
	close(t.done)
}

// do lets Run do something and waits until it is done. It fails if Run has ended.
func (s *Supervisor) do(do func(context.Context)) error {
	t := task{do, make(chan struct{})}
	select {
	case s.tasks <- t:
		<-t.done
		return nil
	case <-s.ended:
		return faults.Bare(faults.ShutdownState)
	}
}

// try is do for something that can fail.
func (s *Supervisor) try(do func(context.Context) error) error {
	var fault error
	if err := s.do(func(ctx context.Context) { fault = do(ctx) }); err != nil {
		return err
	}
	return fault
}

// stopGoroutines ends the goroutines of all processes and waits for them.
func (s *Supervisor) stopGoroutines() {
	for _, g := range s.groups.List() {
		g.End(nil)
	}
	for _, end := range s.unconfigured.all() {
		end()
	}
	s.wg.Wait()
}
