package health

import (
	"context"
	"fmt"
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
)

// watchedProcess is a process with ready= or health=. All fields but calls belong to
// Monitor.Run.
type watchedProcess struct {
	m        *Monitor
	p        *process.Process
	provider *provider // nil for none

	pid    int // of the current child, 0 for none
	state  states.Process
	ready  bool
	late   bool
	ctx    context.Context // ends with the child
	cancel context.CancelFunc

	timers      [numPurposes]probeTimer
	probing     [numPurposes]bool
	retryDelay  time.Duration // until the next probe for readiness
	failures    int           // of health probes, in a row
	since       time.Time     // when the first of them was
	lastAlive   time.Time     // last WATCHDOG=1, or when the watchdog was armed first
	notifyState NotifyState
	saved       ChildState // of the last child, once Run has ended

	calls callQueue
}

// refresh updates what is watched of a process after a change.
func (m *Monitor) refresh(ctx context.Context, p *process.Process) {
	s := m.watched[p]
	if p.IsOver() || !hasProbe(p.CurrentConfig()) {
		if s != nil {
			m.unwatch(s)
		}
		return
	}
	if s == nil {
		s = &watchedProcess{m: m, p: p, provider: m.providerOf(p.FullName())}
		for i := range s.timers {
			s.timers[i] = probeTimer{process: s, purpose: purpose(i), index: -1}
		}
		m.watched[p], m.byName[p.FullName()] = s, s
	}
	s.refresh(ctx, p.Status())
}

// unwatch stops watching a process that was removed or has no probes any more.
func (m *Monitor) unwatch(s *watchedProcess) {
	s.detachChild()
	delete(m.watched, s.p)
	name := s.p.FullName()
	if m.byName[name] != s {
		return // another process has the name
	}
	delete(m.byName, name)
	if s.p.IsOver() && m.dropProvider(name, s.provider) {
		m.receiver.Close(socketName(name))
		m.receiver.Close(pipeName(name))
	}
}

// dropProvider forgets the provider of a process, unless another process of that
// name has already got its own.
func (m *Monitor) dropProvider(name string, e *provider) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.providers[name] != e {
		return false
	}
	delete(m.providers, name)
	return true
}

// conf returns the configuration in force.
func (s *watchedProcess) conf() *config.Process { return s.p.CurrentConfig() }

func (s *watchedProcess) refresh(ctx context.Context, st *process.Status) {
	if st.PID != s.pid {
		s.detachChild()
		if st.PID != 0 {
			s.attachChild(ctx, st)
		}
	}
	s.state, s.ready, s.late = st.State, st.Ready, st.ReadyTimedOut
	now := time.Now()
	s.updateTimer(forReadiness, s.wantsReadiness(), now)
	s.updateTimer(forHealth, s.wantsHealth(), now)
	if s.pid != 0 {
		s.m.handleEarly(s)
	}
}

// attachChild starts watching a child.
func (s *watchedProcess) attachChild(ctx context.Context, st *process.Status) {
	s.pid = st.PID
	s.ctx, s.cancel = context.WithCancel(ctx)
	s.retryDelay = firstReadyDelay
	s.lastAlive = time.Now()
	if saved, ok := s.m.takeSaved(s.p.FullName()); ok && saved.PID == s.pid {
		s.notifyState, s.failures = saved.Note, saved.Failures
		if s.failures > 0 {
			s.since = s.lastAlive
		}
		s.publish()
	}
	if st.State == states.Starting && !st.Ready && st.NotReadyReason == "" {
		if text := pendingText(s.conf().Ready.Probe); text != "" {
			s.enqueue(func() { s.p.NotReady(st.PID, text) })
		}
	}
}

// pendingText returns what a child that reports readiness itself has not sent yet.
func pendingText(p config.Probe) string {
	switch p.Kind {
	case config.NotifyProbe:
		return "it has not said READY=1 yet"
	case config.FDProbe:
		return fmt.Sprintf("no line on descriptor %d yet", p.FD)
	case config.LogProbe:
		return "no matching line of output yet"
	case config.NoProbe, config.HTTPProbe, config.TCPProbe, config.UnixProbe, config.FCGIProbe, config.ExecProbe, config.FileProbe:
	}
	return ""
}

// detachChild stops watching the current child.
func (s *watchedProcess) detachChild() {
	if s.cancel != nil {
		s.cancel()
		s.cancel = nil
	}
	s.saved = ChildState{PID: s.pid, Note: s.notifyState, Failures: s.failures}
	for i := range s.timers {
		s.m.timers.cancel(&s.timers[i])
		s.probing[i] = false
	}
	s.pid, s.failures = 0, 0
	if s.notifyState != (NotifyState{}) {
		s.notifyState = NotifyState{}
		s.publish()
	}
}

func (s *watchedProcess) wantsReadiness() bool {
	switch s.conf().Ready.Kind {
	case config.NoProbe, config.NotifyProbe, config.FDProbe, config.LogProbe:
		return false
	case config.HTTPProbe, config.TCPProbe, config.UnixProbe, config.FCGIProbe, config.ExecProbe, config.FileProbe:
	}
	return s.pid != 0 && !s.ready && !s.late && (s.state == states.Starting || s.state == states.Running)
}

// wantsHealth reports whether health is to be checked: not of a child that has
// announced its end (STOPPING=1).
func (s *watchedProcess) wantsHealth() bool {
	return s.conf().Health.Kind != config.NoProbe && s.pid != 0 && s.state == states.Running && !s.notifyState.Stopping
}

// updateTimer sets the first timer of a purpose if it is wanted, and cancels it if
// not.
func (s *watchedProcess) updateTimer(what purpose, wanted bool, now time.Time) {
	a := &s.timers[what]
	switch {
	case !wanted:
		s.m.timers.cancel(a)
	case a.index >= 0 || s.probing[what]:
	case what == forReadiness:
		s.m.timers.set(a, now.Add(s.jitter(firstReadyDelay)))
	case s.conf().Health.Kind == config.NotifyProbe:
		s.lastAlive = now.Add(finite(s.conf().Health.StartPeriod))
		s.armWatchdog()
	default:
		h := s.conf().Health
		s.m.timers.set(a, now.Add(finite(h.StartPeriod)+time.Duration(s.m.Random()*float64(min(finite(h.Interval), maxJitter)))))
	}
}
