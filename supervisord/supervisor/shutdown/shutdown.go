package shutdown

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"supervisor/supervisord/config/option"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor/groups"
	"supervisor/supervisord/supervisor/order"
)

// reportInterval is the time between two lines about processes that have not stopped.
const reportInterval = 3 * time.Second

// Shutdown is what a shutdown needs.
type Shutdown struct {
	Groups *groups.Table
	Log    *slog.Logger
	// Parallel is shutdown_parallel: the priorities of groups do not count.
	Parallel bool
	// ByDependencies is set if processes may depend on one another.
	ByDependencies bool
}

// Run stops all processes and returns when they have stopped, or when ctx ends.
func (s *Shutdown) Run(ctx context.Context) {
	if s.Parallel || s.ByDependencies && s.Groups.Graph().HasDependents() {
		s.stopByDependencies(ctx)
	} else {
		s.stopByPriority(ctx)
	}
}

// Limit kills what is left at the deadline, which is a timeout from now, or from when
// another timeout arrives. It returns when stopped is closed, or when ctx ends.
func (s *Shutdown) Limit(ctx context.Context, timeout time.Duration, others <-chan time.Duration, stopped <-chan struct{}) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	set := func(d time.Duration) {
		timer.Stop()
		if d > 0 && d != option.Forever {
			timer.Reset(d)
		}
	}
	set(timeout)
	for {
		select {
		case d := <-others:
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

func (s *Shutdown) killUnstopped() {
	var left []*process.Process
	var names []string
	for _, g := range s.Groups.List() {
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
	s.Log.Warn(fmt.Sprintf("the time for the shutdown is over, killing %s", strings.Join(names, ", ")))
	for _, p := range left {
		p.Kill("the end of the time for the shutdown", p.FullName(), false)
	}
}

// reportUnstopped names all processes that have not stopped yet.
func (s *Shutdown) reportUnstopped() {
	var names []string
	for _, g := range s.Groups.List() {
		for _, p := range g.Processes {
			if !p.Status().State.IsStopped() {
				names = append(names, p.Config.Name)
			}
		}
	}
	if len(names) > 0 {
		s.Log.Info("waiting for " + strings.Join(names, ", ") + " to die")
	}
}

// stopByDependencies stops each process once all that depend on it have stopped. Among
// those that could stop the priorities of the groups decide, unless Parallel is set.
func (s *Shutdown) stopByDependencies(ctx context.Context) {
	report := time.NewTicker(reportInterval)
	defer report.Stop()
	s.reportUnstopped()
	plan := order.NewShutdown(s.Groups.Graph(), s.levels())
	stopped := make(chan *process.Process)
	for plan.Left() > 0 {
		for _, p := range plan.Next() {
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
			plan.Stopped(p)
		case <-report.C:
			s.reportUnstopped()
		case <-ctx.Done():
			return
		}
	}
}

// levels lists all processes in the order in which they stop by priority alone. With
// Parallel only event listeners have a level below the others: they are to get the events
// of all other stops.
func (s *Shutdown) levels() []order.Leveled[*process.Process] {
	var all []order.Leveled[*process.Process]
	for _, g := range slices.Backward(s.Groups.ByPriority()) {
		level := g.Config.Priority
		switch {
		case !s.Parallel:
		case g.Pool != nil:
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

// stopByPriority stops one group after the other.
func (s *Shutdown) stopByPriority(ctx context.Context) {
	report := time.NewTicker(reportInterval)
	defer report.Stop()
	all := s.Groups.ByPriority()
	s.reportUnstopped()
	for i, g := range slices.Backward(all) {
		if i == len(all)-1 || !stopTogether(all[i+1], g) {
			signalEarly(all[:i+1])
		}
		stopped := stopGroup(ctx, g.Group)
		for waiting := true; waiting; {
			select {
			case <-stopped:
				waiting = false
			case <-report.C:
				s.reportUnstopped()
			}
		}
	}
}

// stopGroup asks all processes of a group to stop. The channel is closed when they have,
// or when ctx ends.
func stopGroup(ctx context.Context, g *process.Group) <-chan struct{} {
	stopped := make(chan struct{})
	list := stopOrder(g)
	answers := make([]process.Answer, len(list))
	for i, p := range list {
		answers[i] = p.Shutdown()
	}
	go func() {
		defer close(stopped)
		for _, a := range answers {
			_ = a.Wait(ctx) // only ctx's end makes it fail
		}
	}()
	return stopped
}

// signalEarly sends stop signals to the last of the groups and to those before it that
// may be stopped at the same time.
func signalEarly(all []*groups.Active) {
	last := all[len(all)-1]
	for i, g := range slices.Backward(all) {
		if i < len(all)-1 && !stopTogether(g, last) {
			return
		}
		for _, p := range stopOrder(g.Group) {
			p.SignalEarly()
		}
	}
}

// stopTogether reports whether two groups may be stopped at the same time.
func stopTogether(a, b *groups.Active) bool {
	return a.Config.Priority == b.Config.Priority && !stopsAlone(a) && !stopsAlone(b)
}

// stopsAlone reports whether a group is stopped apart from others: event listeners get the
// events of all groups stopped before them, and what depends on others ends before them.
func stopsAlone(g *groups.Active) bool {
	return g.Pool != nil ||
		slices.ContainsFunc(g.Processes, func(p *process.Process) bool { return len(p.CurrentConfig().DependsOn) > 0 })
}

// stopOrder returns the processes of a group, the highest priority number first.
func stopOrder(g *process.Group) []*process.Process {
	list := slices.SortedStableFunc(slices.Values(g.Processes), func(a, b *process.Process) int {
		return cmp.Compare(a.CurrentConfig().Priority, b.CurrentConfig().Priority)
	})
	slices.Reverse(list)
	return list
}
