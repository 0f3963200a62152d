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
	case s.limits <- timeout:
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
	set(s.Config.Supervisord.ShutdownTimeout)
	for {
		select {
		case d := <-s.limits:
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
	s.Log.Warn(fmt.Sprintf("the time for the shutdown is over, killing %s", strings.Join(names, ", ")))
	for _, p := range left {
		p.Kill("the end of the time for the shutdown", p.FullName(), false)
	}
}

// hasWaves tells whether the shutdown can't just go by priority.
func (s *Supervisor) hasWaves() bool {
	return s.Config.Supervisord.ShutdownParallel || s.isRelated.Load() && len(s.related().by) > 0
}

// departure is a process during a shutdown in waves.
type departure struct {
	process *process.Process
	level   int // of its group: higher ones leave earlier
	after   []*departure
	asked   bool
	gone    bool
}

// stopInWaves stops each process once all that need it are gone. Among those of
// which this is true the priorities of the groups decide as ever, unless
// shutdown_parallel says that they need not.
func (s *Supervisor) stopInWaves(ctx context.Context) {
	report := time.NewTicker(reportEvery)
	defer report.Stop()
	s.reportUnstopped()
	all := s.departures()
	gone := make(chan *departure)
	for left := len(all); left > 0; {
		for _, d := range next(all) {
			d.asked = true
			a := d.process.Abort()
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

// departures lists all processes in the order in which they would leave by
// priority alone.
func (s *Supervisor) departures() []*departure {
	var all []*departure
	known := make(map[*process.Process]*departure)
	for _, g := range slices.Backward(s.byPriority()) {
		level := g.Config.Priority
		switch {
		case !s.Config.Supervisord.ShutdownParallel:
		case g.pool != nil: // listeners are to hear of the end of the others
			level = 0
		default:
			level = 1
		}
		list := slices.SortedStableFunc(slices.Values(g.Processes), func(a, b *process.Process) int {
			return cmp.Compare(a.Current().Priority, b.Current().Priority)
		})
		for _, p := range slices.Backward(list) {
			d := &departure{process: p, level: level}
			known[p] = d
			all = append(all, d)
		}
	}
	r := s.related()
	for _, d := range all {
		for _, n := range r.by[d.process] {
			d.after = append(d.after, known[n.from])
		}
	}
	return all
}

// next returns who is to be asked to leave now: among those whom nobody needs any
// more, whoever stands on the highest level, once nobody is left above it. If all
// that are left need one another, they leave together.
func next(all []*departure) []*departure {
	free := func(d *departure) bool {
		return !slices.ContainsFunc(d.after, func(o *departure) bool { return o != nil && !o.gone })
	}
	var most *departure
	isStuck := true
	for _, d := range all {
		if d.gone {
			continue
		}
		if d.asked || free(d) {
			isStuck = false
			if most == nil || d.level > most.level {
				most = d
			}
		}
	}
	var list []*departure
	for _, d := range all {
		if !d.gone && !d.asked && (isStuck || free(d) && d.level == most.level) {
			list = append(list, d)
		}
	}
	return list
}
