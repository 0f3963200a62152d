package supervisor

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/events"
	"supervisor/supervisord/supervisor/loaded"
	"supervisor/supervisord/supervisor/shutdown"
)

// mood is whether the daemon runs or ends, and why it ends.
type mood struct {
	state    atomic.Int32       // a states.Daemon
	ending   chan struct{}      // closed when a shutdown or restart begins
	timeouts chan time.Duration // for the shutdown

	mu     sync.Mutex
	reason string // given to ExitWith
	code   int
}

func newMood() *mood {
	m := &mood{ending: make(chan struct{}), timeouts: make(chan time.Duration, 8)}
	m.state.Store(int32(states.DaemonRunning))
	return m
}

// Mood returns whether the daemon runs or is about to end or restart. It never blocks.
func (s *Supervisor) Mood() states.Daemon { return states.Daemon(s.mood.state.Load()) }

// Ending returns a channel that is closed when a shutdown or restart begins.
func (s *Supervisor) Ending() <-chan struct{} { return s.mood.ending }

// Shutdown asks the daemon to stop all programs and end. It returns at once. A restart
// that is under way becomes a shutdown.
func (s *Supervisor) Shutdown() {
	s.mood.state.Store(int32(states.DaemonShutdown))
	s.wakeRun()
}

// ShutdownWithin is Shutdown with a deadline: what is left after the timeout is killed. It
// may be called during a shutdown; the last call counts, over shutdown_timeout too.
func (s *Supervisor) ShutdownWithin(timeout time.Duration) {
	select {
	case s.mood.timeouts <- timeout:
	default: // after so many, one more can't matter
	}
	s.Shutdown()
}

// Restart asks the daemon to stop all programs and to begin anew with the configuration
// files as they are now. It returns at once. A configuration that can't be used is
// CANT_REREAD, and everything goes on as before.
func (s *Supervisor) Restart() error {
	if err := s.conf.RereadError(); err != nil {
		return faults.New(faults.CantReread, err.Error())
	}
	checked, err := s.conf.LoadChecked(nil)
	if err != nil {
		return faults.New(faults.CantReread, err.Error())
	}
	s.conf.SetNext(checked)
	s.mood.state.CompareAndSwap(int32(states.DaemonRunning), int32(states.DaemonRestarting))
	s.wakeRun()
	return nil
}

// NextConfig returns the configuration that the last Restart has checked. It is empty if
// there was none.
func (s *Supervisor) NextConfig() loaded.Checked { return s.conf.Next() }

// ExitWith asks the daemon to stop all programs and to exit with a status, for a reason:
// which program ended, and how. It returns at once and may be called from
// Hooks.Changed. The first call counts. It has no effect during a shutdown or restart:
// programs that end then were told to.
func (s *Supervisor) ExitWith(reason string, code int) {
	s.mood.mu.Lock()
	defer s.mood.mu.Unlock()
	if !s.mood.state.CompareAndSwap(int32(states.DaemonRunning), int32(states.DaemonShutdown)) {
		return
	}
	s.mood.reason, s.mood.code = reason, code
	s.opts.Log.Warn("giving up, all programs are to stop: " + reason)
	s.wakeRun()
}

// ExitReason returns what ExitWith was given, "" and 0 if it was not called.
func (s *Supervisor) ExitReason() (reason string, code int) {
	s.mood.mu.Lock()
	defer s.mood.mu.Unlock()
	return s.mood.reason, s.mood.code
}

// wakeRun makes Run look at the mood.
func (s *Supervisor) wakeRun() {
	go func() { _ = s.do(func(context.Context) {}) }() // ends with Run at the latest
}

// beginShutdown announces the shutdown and begins to stop all processes. The channel is
// closed when they have stopped.
func (s *Supervisor) beginShutdown(ctx context.Context) chan struct{} {
	close(s.mood.ending)
	s.opts.Events.Publish(events.SupervisorStopping, noPayload)
	s.starts.CancelAll()
	for _, g := range s.groups.List() {
		for _, p := range g.Processes {
			p.ForbidStarts()
		}
	}
	d := s.opts.Config.Supervisord
	all := shutdown.Shutdown{Groups: s.groups, Log: s.opts.Log, Parallel: d.ShutdownParallel, ByDependencies: s.starts.HasDependencies()}
	stopped := make(chan struct{})
	s.wg.Go(func() {
		defer close(stopped)
		defer s.stopUnconfigured(ctx)()
		all.Run(ctx)
	})
	s.wg.Go(func() { all.Limit(ctx, d.ShutdownTimeout, s.mood.timeouts, stopped) })
	return stopped
}
