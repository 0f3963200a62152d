package supervisor

import (
	"context"
	"fmt"
	"maps"
	"strings"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
)

// Between the end of one daemon and the start of the next the configuration may
// have become another one. A child that runs is adopted all the same, and counts as
// changed if it was born with anything else. One whose process is not configured
// any more stays outside the groups until it ends.

// outdated tells with which options the child of a process was born otherwise
// than a configuration says.
func outdated(p *process.Process, conf *config.Process) []string {
	if st := p.Status(); st.PID != 0 && st.Outdated {
		return conf.Outdated(st.Digest)
	}
	return nil
}

// isOutdated reports whether a child of a group was born otherwise than a
// configuration of the group says.
func isOutdated(g *active, conf *config.Group) bool {
	for _, c := range conf.Processes {
		if p := g.Process(c.Name); p != nil && len(outdated(p, c)) > 0 {
			return true
		}
	}
	return false
}

// diff tells how an active group, and what runs in it, differ from a configuration.
func diff(conf *config.Group, g *active) config.GroupDiff {
	d := conf.Diff(g.Config)
	for i := range d.Kept {
		k := &d.Kept[i]
		p := g.Process(k.New.Name)
		if p == nil || k.Restarts() {
			continue
		}
		for _, option := range outdated(p, k.New) {
			k.Changes = append(k.Changes, config.Change{Option: option, Old: "another value when it was started", New: "as configured", Effect: config.EffectRestart})
		}
	}
	return d
}

// notAsConfigured tells, for Why, that what runs is not what is configured.
func (s *Supervisor) notAsConfigured(p *process.Process, st *process.Status) []api.Reason {
	if st.PID == 0 {
		return nil
	}
	s.mu.RLock()
	_, unconfigured := s.unconfigured[p]
	s.mu.RUnlock()
	if unconfigured {
		return []api.Reason{{Kind: "unconfigured", Text: fmt.Sprintf("pid %d was left by an earlier supervisord and is not configured any more; it runs until it ends or is stopped", st.PID)}}
	}
	if options := outdated(p, p.Config); len(options) > 0 {
		return []api.Reason{{Kind: "changed", Text: fmt.Sprintf("pid %d was started by an earlier supervisord with another %s; update restarts it", st.PID, strings.Join(options, ", "))}}
	}
	return nil
}

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
