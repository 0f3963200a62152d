package supervisor

import (
	"context"
	"fmt"
	"maps"
	"sync"

	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
)

// The configuration may change between the end of one daemon and the start of the next. A
// child that runs is adopted all the same, and its group counts as changed if the child was
// spawned with other options. A child whose process is not configured any more stays
// outside the groups until it ends.

// Unconfigured is a child that an earlier daemon left and whose process is not configured
// any more. Config says how it is stopped and where its output goes.
type Unconfigured struct {
	Config *config.Process
	Saved  *process.Saved
}

// unconfigured are the processes of such children. They belong to no group.
type unconfigured struct {
	mu  sync.RWMutex
	end map[*process.Process]func() // ends the goroutine
}

func (u *unconfigured) add(p *process.Process, end func()) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.end[p] = end
}

// remove forgets a process and returns what ends its goroutine, nil if it is not there.
func (u *unconfigured) remove(p *process.Process) (end func()) {
	u.mu.Lock()
	defer u.mu.Unlock()
	end = u.end[p]
	delete(u.end, p)
	return end
}

// all returns all processes, and what ends their goroutines.
func (u *unconfigured) all() map[*process.Process]func() {
	u.mu.RLock()
	defer u.mu.RUnlock()
	return maps.Clone(u.end)
}

func (u *unconfigured) has(p *process.Process) bool {
	u.mu.RLock()
	defer u.mu.RUnlock()
	return u.end[p] != nil
}

// named returns the process of that name, nil for none.
func (u *unconfigured) named(spec namespec.Spec) *process.Process {
	u.mu.RLock()
	defer u.mu.RUnlock()
	for p := range u.end {
		if p.Config.Group == spec.Group && p.Config.Name == spec.Process {
			return p
		}
	}
	return nil
}

// adoptUnconfigured adopts those children.
func (s *Supervisor) adoptUnconfigured(ctx context.Context) {
	for _, u := range s.saved.Unconfigured {
		name := namespec.Join(u.Config.Group, u.Config.Name)
		if u.Saved.Unwanted {
			s.opts.Log.Warn(fmt.Sprintf("stopping '%s' (pid %d), which is not configured any more", name, u.Saved.PID))
		} else {
			s.opts.Log.Warn(fmt.Sprintf("'%s' (pid %d) is not configured any more; it runs until it ends or is stopped", name, u.Saved.PID))
		}
		p := process.New(process.Options{
			Config: u.Config, Stdout: u.Config.Stdout.File, Stderr: u.Config.Stderr.File, StripANSI: s.opts.Config.Supervisord.StripANSI,
			Environ: s.opts.Environ, Spawner: s.opts.Spawner, Events: s.opts.Events, Log: s.opts.Log, Changed: s.unconfiguredChanged,
		})
		ctx, cancel := context.WithCancel(ctx)
		s.wg.Go(func() { p.Run(ctx) })
		p.Adopt(u.Saved)
		s.unconfigured.add(p, cancel)
		s.unconfiguredChanged(p) // it may have ended already
	}
}

// unconfiguredChanged forgets a child that has ended. It does not block.
func (s *Supervisor) unconfiguredChanged(p *process.Process) {
	if s.opts.Hooks.Changed != nil {
		s.opts.Hooks.Changed(p)
	}
	if st := p.Status(); st.PID != 0 || !st.State.IsStopped() {
		return
	}
	if end := s.unconfigured.remove(p); end != nil {
		end()
	}
}

// takeUnconfigured takes the unconfigured child of a process that is configured again, nil
// if there is none. Only Run's goroutine calls it.
func (s *Supervisor) takeUnconfigured(c *config.Process) *process.Saved {
	p := s.unconfigured.named(namespec.Spec{Group: c.Group, Process: c.Name})
	if p == nil {
		return nil
	}
	end := s.unconfigured.remove(p)
	if end == nil {
		return nil // it has just ended
	}
	end()
	p.Wait()
	saved, err := p.HandOver()
	if err != nil {
		s.opts.Log.Error(fmt.Sprintf("hand over %s: %v", p.FullName(), err))
	}
	s.opts.Log.Info(fmt.Sprintf("'%s' (pid %d) is configured again", p.FullName(), saved.PID))
	return saved
}

// stopUnconfigured asks those children to stop, and returns what waits for that.
func (s *Supervisor) stopUnconfigured(ctx context.Context) (wait func()) {
	var answers []process.Answer
	for p := range s.unconfigured.all() {
		answers = append(answers, p.Shutdown())
	}
	return func() {
		for _, a := range answers {
			_ = a.Wait(ctx) // only ctx's end makes it fail
		}
	}
}
