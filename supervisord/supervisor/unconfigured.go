package supervisor

import (
	"context"
	"fmt"
	"maps"

	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
)

// Between the end of one daemon and the start of the next the configuration may
// have become another one. A child that runs is adopted all the same, and counts as
// changed if it was born with anything else. One whose process is not configured
// any more stays outside the groups until it ends.

// Unconfigured is a child that an earlier daemon has left and that is nobody's any
// more. Config says how it is stopped and where its output goes.
type Unconfigured struct {
	Config *config.Process
	Saved  *SavedState
}

// adoptUnconfigured adopts those children.
func (s *Supervisor) adoptUnconfigured(ctx context.Context) {
	for _, u := range s.saved.Unconfigured {
		if u.Saved.Unwanted {
			s.opts.Log.Warn(fmt.Sprintf("stopping '%s' (pid %d), which is not configured any more", namespec.Join(u.Config.Group, u.Config.Name), u.Saved.Child.PID))
		} else {
			s.opts.Log.Warn(fmt.Sprintf("'%s' (pid %d) is not configured any more; it runs until it ends or is stopped", namespec.Join(u.Config.Group, u.Config.Name), u.Saved.Child.PID))
		}
		p := process.New(process.Options{
			Config: u.Config, Stdout: u.Config.Stdout.File, Stderr: u.Config.Stderr.File, StripANSI: s.opts.Config.Supervisord.StripANSI,
			Environ: s.opts.Environ, Spawner: s.opts.Spawner, Events: s.opts.Events, Log: s.opts.Log, Changed: s.unconfiguredChanged,
		})
		ctx, cancel := context.WithCancel(ctx)
		s.wg.Go(func() { p.Run(ctx) })
		p.Adopt(&u.Saved.SavedState)
		s.mu.Lock()
		s.unconfigured[p] = cancel
		s.mu.Unlock()
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
	s.mu.Lock()
	defer s.mu.Unlock()
	if end := s.unconfigured[p]; end != nil {
		delete(s.unconfigured, p)
		end()
	}
}

func (s *Supervisor) isUnconfigured(p *process.Process) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	_, is := s.unconfigured[p]
	return is
}

// allUnconfigured returns those that live, and what ends their goroutines.
func (s *Supervisor) allUnconfigured() map[*process.Process]func() {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return maps.Clone(s.unconfigured)
}

// unconfiguredNamed returns the one of that name, nil for none.
func (s *Supervisor) unconfiguredNamed(spec namespec.Spec) *process.Process {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for p := range s.unconfigured {
		if p.Config.Group == spec.Group && p.Config.Name == spec.Process {
			return p
		}
	}
	return nil
}

// takeUnconfigured takes an unconfigured child of that name for a process that is configured
// again. It returns nil if there is none. Only Run's goroutine calls it.
func (s *Supervisor) takeUnconfigured(c *config.Process) *SavedState {
	p := s.unconfiguredNamed(namespec.Spec{Group: c.Group, Process: c.Name})
	if p == nil {
		return nil
	}
	s.mu.Lock()
	end := s.unconfigured[p]
	delete(s.unconfigured, p)
	s.mu.Unlock()
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
	return &SavedState{SavedState: saved.SavedState()}
}

// stopUnconfigured asks them to end, and returns what waits for that.
func (s *Supervisor) stopUnconfigured(ctx context.Context) (wait func()) {
	var answers []process.Answer
	for p := range s.allUnconfigured() {
		answers = append(answers, p.Shutdown())
	}
	return func() {
		for _, a := range answers {
			_ = a.Wait(ctx) // only ctx's end makes it fail
		}
	}
}
