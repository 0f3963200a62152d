package supervisor

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
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
	return s.opts.Config.Supervisord.ShutdownParallel || s.hasDependencies.Load() && len(s.dependencyGraph().dependents) > 0
}

// shutdownStep is a process during a shutdown in waves.
type shutdownStep struct {
	process   *process.Process
	level     int // of its group: higher ones leave earlier
	after     []*shutdownStep
	requested bool
	gone      bool
}

// stopByDependencies stops each process once all that need it are gone. Among those of
// which this is true the priorities of the groups decide as ever, unless
// shutdown_parallel says that they need not.
func (s *Supervisor) stopByDependencies(ctx context.Context) {
	report := time.NewTicker(reportInterval)
	defer report.Stop()
	s.reportUnstopped()
	all := s.shutdownSteps()
	gone := make(chan *shutdownStep)
	for left := len(all); left > 0; {
		for _, d := range nextToStop(all) {
			d.requested = true
			a := d.process.Shutdown()
			go func() {
				_ = a.Wait(ctx) // only ctx's end makes it fail
				select {
				case gone <- d:
				case <-ctx.Done():
				}
			}()
		}
		select {
		case d := <-gone:
			d.gone = true
			left--
		case <-report.C:
			s.reportUnstopped()
		case <-ctx.Done():
			return
		}
	}
}

// shutdownSteps lists all processes in the order in which they would leave by
// priority alone.
func (s *Supervisor) shutdownSteps() []*shutdownStep {
	var all []*shutdownStep
	known := make(map[*process.Process]*shutdownStep)
	for _, g := range slices.Backward(s.byPriority()) {
		level := g.Config.Priority
		switch {
		case !s.opts.Config.Supervisord.ShutdownParallel:
		case g.pool != nil: // listeners are to hear of the end of the others
			level = 0
		default:
			level = 1
		}
		list := slices.SortedStableFunc(slices.Values(g.Processes), func(a, b *process.Process) int {
			return cmp.Compare(a.CurrentConfig().Priority, b.CurrentConfig().Priority)
		})
		for _, p := range slices.Backward(list) {
			d := &shutdownStep{process: p, level: level}
			known[p] = d
			all = append(all, d)
		}
	}
	r := s.dependencyGraph()
	for _, d := range all {
		for _, n := range r.dependents[d.process] {
			d.after = append(d.after, known[n.dependent])
		}
	}
	return all
}

// nextToStop returns who is to be asked to leave now: among those whom nobody needs any
// more, whoever stands on the highest level, once nobody is left above it. If all
// that are left need one another, they leave together.
func nextToStop(all []*shutdownStep) []*shutdownStep {
	canStop := func(d *shutdownStep) bool {
		return !slices.ContainsFunc(d.after, func(o *shutdownStep) bool { return o != nil && !o.gone })
	}
	var most *shutdownStep
	isStuck := true
	for _, d := range all {
		if d.gone {
			continue
		}
		if d.requested || canStop(d) {
			isStuck = false
			if most == nil || d.level > most.level {
				most = d
			}
		}
	}
	var list []*shutdownStep
	for _, d := range all {
		if !d.gone && !d.requested && (isStuck || canStop(d) && d.level == most.level) {
			list = append(list, d)
		}
	}
	return list
}
