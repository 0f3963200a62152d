package supervisor

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/events"
	"supervisor/supervisord/process"
)

// reportInterval is the time between two lines about processes that take long to die.
const reportInterval = 3 * time.Second

// Shutdown asks the daemon to stop all programs and end. It returns at once. A
// restart that is under way becomes a shutdown.
func (s *Supervisor) Shutdown() {
	s.mood.Store(int32(states.DaemonShutdown))
	s.wakeRun()
}

// Restart asks the daemon to stop all programs and begin anew with the
// configuration as it is now. It returns at once. A configuration that can't
// be used is refused with CANT_REREAD, and everything goes on as before.
func (s *Supervisor) Restart() error {
	if s.opts.Loading.RereadError != nil {
		if err := s.opts.Loading.RereadError(); err != nil {
			return faults.New(faults.CantReread, err.Error())
		}
	}
	checked, err := s.loadChecked(nil)
	if err != nil {
		return faults.New(faults.CantReread, err.Error())
	}
	s.mu.Lock()
	s.nextConfig = checked
	s.mu.Unlock()
	s.mood.CompareAndSwap(int32(states.DaemonRunning), int32(states.DaemonRestarting))
	s.wakeRun()
	return nil
}

// NextConfig returns the configuration that the last Restart has found able to be used;
// without one there is none in it.
func (s *Supervisor) NextConfig() Checked {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.nextConfig
}

// Ending returns a channel that is closed when a shutdown or restart begins.
func (s *Supervisor) Ending() <-chan struct{} { return s.ending }

// wakeRun makes Run look at the mood.
func (s *Supervisor) wakeRun() {
	go func() { _ = s.do(func(context.Context) {}) }() // ends with Run at the latest
}

// beginShutdown tells everybody and starts to stop the groups. The channel is
// closed when nothing is left.
func (s *Supervisor) beginShutdown(ctx context.Context) chan struct{} {
	close(s.ending)
	s.opts.Events.Publish(events.SupervisorStopping, noPayload)
	s.queue = nil
	s.cancelAllDeferred()
	for _, g := range s.list() {
		for _, p := range g.Processes {
			p.ForbidStarts()
		}
	}
	stopped := make(chan struct{})
	s.wg.Go(func() {
		defer close(stopped)
		defer s.stopUnconfigured(ctx)()
		if s.needsStopOrder() {
			s.stopByDependencies(ctx)
		} else {
			s.stopGroups(ctx)
		}
	})
	s.wg.Go(func() { s.limitShutdown(ctx, stopped) })
	return stopped
}

// stopGroups stops one group after the other, the last in order of priority
// first, and tells now and again whom it waits for. The programs of all groups of
// one priority get their signals at once; only the news about them comes group by
// group.
func (s *Supervisor) stopGroups(ctx context.Context) {
	report := time.NewTicker(reportInterval)
	defer report.Stop()
	groups := s.byPriority()
	s.reportUnstopped()
	for i, g := range slices.Backward(groups) {
		if i == len(groups)-1 || !sameLevel(groups[i+1], g) {
			signalEarly(groups[:i+1])
		}
		gone := make(chan struct{})
		answers := shutdownGroup(g.Group)
		go func() {
			defer close(gone)
			for _, a := range answers {
				_ = a.Wait(ctx) // only ctx's end makes it fail
			}
		}()
		for waiting := true; waiting; {
			select {
			case <-gone:
				waiting = false
			case <-report.C:
				s.reportUnstopped()
			}
		}
	}
}

// sameLevel tells whether two groups may be stopped at the same time. Listeners
// are to hear of the end of all that are stopped before them, and what depends on
// others is to end before them.
func sameLevel(a, b *active) bool {
	return a.Config.Priority == b.Config.Priority && !a.stopsAlone() && !b.stopsAlone()
}

func (a *active) stopsAlone() bool {
	return a.pool != nil ||
		slices.ContainsFunc(a.Processes, func(p *process.Process) bool { return len(p.CurrentConfig().DependsOn) > 0 })
}

// signalEarly sends the last of the groups, and those before it of the same level,
// their stop signals.
func signalEarly(groups []*active) {
	last := groups[len(groups)-1]
	for i, g := range slices.Backward(groups) {
		if i < len(groups)-1 && !sameLevel(g, last) {
			return
		}
		for _, p := range stopOrder(g.Group) {
			p.SignalEarly()
		}
	}
}

// shutdownGroup asks all processes of a group to stop.
func shutdownGroup(g *process.Group) []process.Answer {
	list := stopOrder(g)
	answers := make([]process.Answer, len(list))
	for i, p := range list {
		answers[i] = p.Shutdown()
	}
	return answers
}

// stopOrder returns the processes of a group, the highest priority number
// first.
func stopOrder(g *process.Group) []*process.Process {
	list := slices.SortedStableFunc(slices.Values(g.Processes), func(a, b *process.Process) int {
		return cmp.Compare(a.CurrentConfig().Priority, b.CurrentConfig().Priority)
	})
	slices.Reverse(list)
	return list
}

// reportUnstopped names all processes that are not at rest yet. It speaks
// before the first signal is sent, so that the line comes before those of the
// deaths that it announces.
func (s *Supervisor) reportUnstopped() {
	var names []string
	for _, g := range s.list() {
		for _, p := range g.Processes {
			if !p.Status().State.IsStopped() {
				names = append(names, p.Config.Name)
			}
		}
	}
	if len(names) > 0 {
		s.opts.Log.Info("waiting for " + strings.Join(names, ", ") + " to die")
	}
}
