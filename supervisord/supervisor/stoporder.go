package supervisor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor/order"
)

// ShutdownWithin is Shutdown with a deadline for everything: what is left after
// the timeout is killed. It may be called during a shutdown, and the last word
// counts, also against shutdown_timeout.
func (s *Supervisor) ShutdownWithin(timeout time.Duration) {
	select {
	case s.shutdownTimeouts <- timeout:
	default: // so many have been given that one more can't matter
	}
	s.Shutdown()
}

// limitShutdown kills what is left when the time for the shutdown is over.
func (s *Supervisor) limitShutdown(ctx context.Context, stopped <-chan struct{}) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	set := func(d time.Duration) {
		timer.Stop()
		if d > 0 && d != config.Forever {
			timer.Reset(d)
		}
	}
	set(s.opts.Config.Supervisord.ShutdownTimeout)
	for {
		select {
		case d := <-s.shutdownTimeouts:
			set(max(d, 1))
		case <-timer.C:
			s.killUnstopped()
		case <-stopped:
			return
		case <-ctx.Done():
			return
		}
	}
}

// killUnstopped does not ask any more.
func (s *Supervisor) killUnstopped() {
	var left []*process.Process
	var names []string
	for _, g := range s.list() {
		for _, p := range g.Processes {
			if st := p.Status(); !st.State.IsStopped() || st.Hook == process.PostStop {
				left = append(left, p)
				names = append(names, p.Config.Name)
			}
		}
	}
	if len(left) == 0 {
		return
	}
	s.opts.Log.Warn(fmt.Sprintf("the time for the shutdown is over, killing %s", strings.Join(names, ", ")))
	for _, p := range left {
		p.Kill("the end of the time for the shutdown", p.FullName(), false)
	}
}

// needsStopOrder tells whether the shutdown can't just go by priority.
func (s *Supervisor) needsStopOrder() bool {
	return s.opts.Config.Supervisord.ShutdownParallel || s.hasDependencies.Load() && s.dependencyGraph().HasDependents()
}

// stopByDependencies stops each process once all that depend on it have stopped.
// Among those that could stop the priorities of the groups decide, unless
// shutdown_parallel says that they don't.
func (s *Supervisor) stopByDependencies(ctx context.Context) {
	report := time.NewTicker(reportInterval)
	defer report.Stop()
	s.reportUnstopped()
	shutdown := order.NewShutdown(s.dependencyGraph(), s.stopOrder())
	stopped := make(chan *process.Process)
	for shutdown.Left() > 0 {
		for _, p := range shutdown.Next() {
			a := p.Shutdown()
			go func() {
				_ = a.Wait(ctx) // only ctx's end makes it fail
				select {
				case stopped <- p:
				case <-ctx.Done():
				}
			}()
		}
		select {
		case p := <-stopped:
			shutdown.Stopped(p)
		case <-report.C:
			s.reportUnstopped()
		case <-ctx.Done():
			return
		}
	}
}

// stopOrder lists all processes in the order in which they stop by priority alone. With
// shutdown_parallel only event listeners have a level below the others: they are to
// get the events of all other stops.
func (s *Supervisor) stopOrder() []order.Leveled[*process.Process] {
	var all []order.Leveled[*process.Process]
	for _, g := range slices.Backward(s.byPriority()) {
		level := g.Config.Priority
		switch {
		case !s.opts.Config.Supervisord.ShutdownParallel:
		case g.pool != nil:
			level = 0
		default:
			level = 1
		}
		for _, p := range stopOrder(g.Group) {
			all = append(all, order.Leveled[*process.Process]{Process: p, Level: level})
		}
	}
	return all
}
