package health

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"supervisor/supervisord/api/signals"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/process"
	"supervisor/supervisord/spawn"
)

// watchedProcess is a process that is watched. All of it belongs to Run, but for the
// errands.
type watchedProcess struct {
	m        *Monitor
	p        *process.Process
	provider *provider // nil for none

	pid    int // of the child that is watched, 0 for none
	state  states.Process
	ready  bool
	late   bool
	ctx    context.Context // ends with the child
	cancel context.CancelFunc

	timers      [numPurposes]probeTimer
	probing     [numPurposes]bool
	retryDelay  time.Duration // until readiness is asked for again
	failures    int           // of health, in a row
	since       time.Time     // the first of them
	lastAlive   time.Time     // when it last said so, or could have begun to
	notifyState NotifyState
	saved       State // of the child, once Run has ended

	calls callQueue
}

// probeResult is what a probe has come to.
type probeResult struct {
	process *watchedProcess
	pid     int
	purpose purpose
	err     error
}

const (
	// firstReadyDelay is how soon readiness is asked for first, and how much later
	// then, until ready_interval is reached: most programs take either no time
	// worth speaking of or a long one.
	firstReadyDelay = 50 * time.Millisecond
	// defaultTimeout is what a probe for readiness may take where nothing else is said.
	defaultTimeout = 2 * time.Second
)

// refresh sees what has become of a process.
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

// unwatch ends the part in a process that is no more, or that nothing is asked for.
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

// dropProvider forgets the ear of a process, unless another process of that name, of
// which there is no news yet, has one by now.
func (m *Monitor) dropProvider(name string, e *provider) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.providers[name] != e {
		return false
	}
	delete(m.providers, name)
	return true
}

// conf is the configuration that holds now.
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

// attachChild begins with a child.
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

// pendingText say what a child that tells by itself has not told yet.
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

// detachChild ends the part in a child.
func (s *watchedProcess) detachChild() {
	if s.cancel != nil {
		s.cancel()
		s.cancel = nil
	}
	s.saved = State{PID: s.pid, Note: s.notifyState, Failures: s.failures}
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

// wantsHealth leaves a child alone that has said that it is about to end.
func (s *watchedProcess) wantsHealth() bool {
	return s.conf().Health.Kind != config.NoProbe && s.pid != 0 && s.state == states.Running && !s.notifyState.Stopping
}

// updateTimer makes the first appointment if there is to be one, and cancels all if not.
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

// maxJitter is how late a first probe for health comes at most, so that those
// of many programs don't come together.
const maxJitter = time.Minute

// jitter is about d.
func (s *watchedProcess) jitter(d time.Duration) time.Duration {
	return d/2 + time.Duration(s.m.Random()*float64(d))
}

// finite makes a duration without end one that can be added to a time.
func finite(d time.Duration) time.Duration { return min(d, 10*365*24*time.Hour) }

// timerFired is the time of an appointment.
func (s *watchedProcess) timerFired(a *probeTimer, now time.Time) {
	c := s.conf()
	switch {
	case s.pid == 0 || s.probing[a.purpose]:
	case a.purpose == forReadiness:
		s.startProbe(a.purpose, c.Ready.Probe, cmp.Or(c.Health.Timeout, defaultTimeout))
	case c.Health.Kind == config.NotifyProbe:
		s.watchdogExpired(now)
	default:
		s.m.timers.set(a, now.Add(finite(c.Health.Interval)))
		s.startProbe(a.purpose, c.Health.Probe, cmp.Or(c.Health.Timeout, defaultTimeout))
	}
}

// startProbe has a probe made.
func (s *watchedProcess) startProbe(what purpose, about config.Probe, limit time.Duration) {
	s.probing[what] = true
	m, pid, child := s.m, s.pid, s.ctx
	m.workers.Go(func() {
		ctx, cancel := context.WithTimeout(child, finite(limit))
		defer cancel()
		err := m.Probe(ctx, s.p, about)
		select {
		case m.results <- probeResult{s, pid, what, err}:
		case <-m.done:
		}
	})
}

// handleResult takes an answer.
func (m *Monitor) handleResult(a probeResult) {
	s := a.process
	if a.pid != s.pid || !s.probing[a.purpose] || m.watched[s.p] != s || errors.Is(a.err, context.Canceled) {
		return
	}
	s.probing[a.purpose] = false
	m.Log.Debug(fmt.Sprintf("probe of %s: %s", s.p.FullName(), resultText(a.err)))
	now := time.Now()
	switch {
	case a.purpose == forHealth:
		if !spawn.IsShortage(a.err) { // which is our trouble, and says nothing of the child
			s.recordHealth(a.err, now)
		}
		if next := &s.timers[forHealth]; next.index < 0 && s.wantsHealth() {
			s.m.timers.set(next, now) // the probe has taken longer than the interval
		}
	case a.err == nil:
		s.markReady()
	case s.wantsReadiness():
		reason := a.err.Error()
		s.enqueue(func() { s.p.NotReady(a.pid, reason) })
		s.m.timers.set(&s.timers[forReadiness], now.Add(s.nextDelay()))
	}
}

// nextDelay is the time until readiness is asked for again: it grows until it is
// ready_interval.
func (s *watchedProcess) nextDelay() time.Duration {
	limit := finite(s.conf().Ready.Interval)
	if s.retryDelay >= limit {
		return limit
	}
	wait := min(s.jitter(s.retryDelay), limit)
	s.retryDelay *= 2
	return wait
}

func resultText(err error) string {
	if err == nil {
		return "success"
	}
	return err.Error()
}

// markReady passes on that a child is ready.
func (s *watchedProcess) markReady() {
	pid := s.pid
	s.ready = true // until the process says otherwise
	s.enqueue(func() { s.p.Ready(pid) })
}

// recordHealth takes the outcome of one look at the health of a child.
func (s *watchedProcess) recordHealth(err error, now time.Time) {
	if !s.wantsHealth() {
		return
	}
	if err == nil {
		s.recordSuccess(now)
		return
	}
	if s.failures == 0 {
		s.since = now
	}
	s.failures++
	s.recordFailure(err.Error())
}

// recordSuccess is a success.
func (s *watchedProcess) recordSuccess(now time.Time) {
	failures, pid := s.failures, s.pid
	s.failures = 0
	if failures >= s.conf().Health.Failures {
		s.m.Log.Info(fmt.Sprintf("healthy: %s (%d) again, after %s", s.p.FullName(), pid, now.Sub(s.since).Round(time.Second)))
	}
	if st := s.p.Status(); failures > 0 || st.Health != process.Healthy || st.HealthFailure != "" {
		s.enqueue(func() { s.p.ReportHealth(pid, process.Healthy, "") })
	}
}

// recordFailure is a failure, or one too many.
func (s *watchedProcess) recordFailure(reason string) {
	h, pid := s.conf().Health, s.pid
	enough := s.failures >= h.Failures
	health := s.p.Status().Health
	if enough {
		health = process.Unhealthy
	}
	s.enqueue(func() { s.p.ReportHealth(pid, health, reason) })
	if !enough {
		return
	}
	if s.failures == h.Failures {
		s.m.Log.Log(s.ctx, logs.LevelWarn, fmt.Sprintf("unhealthy: %s (%d): %s (%s); %s",
			s.p.FullName(), pid, reason, countText(s.failures, "failure"), actionText(&h)))
	}
	if s.failures%h.Failures == 0 {
		s.runAction(&h, reason)
	}
}

func countText(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss in a row", n, what)
}

// actionText says what will be done.
func actionText(h *config.Health) string {
	switch h.Action {
	case config.HealthRestart:
		return "it is restarted"
	case config.HealthStop:
		return "it is stopped"
	case config.HealthSignal:
		return "it gets " + signals.Name(h.Signal)
	case config.HealthExit:
		return "supervisord ends"
	case config.HealthNone:
	}
	return "nothing is done"
}

// runAction does what health_action says. What has not helped is done again after as
// many failures more; a signal may have been meant to be one.
func (s *watchedProcess) runAction(h *config.Health, reason string) {
	pid, name, first := s.pid, s.p.FullName(), s.failures == h.Failures
	sig := h.Signal
	switch h.Action {
	case config.HealthRestart:
		s.enqueue(func() { s.p.Replace(pid, reason) })
	case config.HealthStop:
		s.enqueue(func() {
			if s.p.Status().PID == pid {
				_ = s.p.StopBy(process.ByHealth, name, false) // it may have ended meanwhile
			}
		})
	case config.HealthSignal:
		s.enqueue(func() {
			if s.p.Status().PID == pid && first {
				_ = s.p.Signal(name, sig) // it may have ended meanwhile
			}
		})
	case config.HealthExit:
		s.m.ExitWith(fmt.Sprintf("%s is unhealthy: %s", name, reason), 1)
	case config.HealthNone:
	}
}

// callQueue are what is to be told to a process, in order. Its owner may be busy,
// so there is a goroutine for that as long as there is something to tell.
type callQueue struct {
	mu      sync.Mutex
	queue   []func()
	last    func() // comes after the queue, nil for nothing
	running bool
}

// enqueue has f called soon.
func (s *watchedProcess) enqueue(f func()) {
	s.addCall(func(e *callQueue) { e.queue = append(e.queue, f) })
}

// enqueueLast has f called when all else has been, in the place of what it was given
// before and was not called yet: a child that says much holds nobody up, and what it
// has said last counts.
func (s *watchedProcess) enqueueLast(f func()) {
	s.addCall(func(e *callQueue) { e.last = f })
}

func (s *watchedProcess) addCall(add func(*callQueue)) {
	e := &s.calls
	e.mu.Lock()
	defer e.mu.Unlock()
	add(e)
	if !e.running {
		e.running = true
		s.m.workers.Go(e.run)
	}
}

func (e *callQueue) run() {
	for f := e.next(); f != nil; f = e.next() {
		f()
	}
}

// next returns what is to be called next, nil for nothing: then run ends.
func (e *callQueue) next() (f func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case len(e.queue) > 0:
		f, e.queue = e.queue[0], e.queue[1:]
	case e.last != nil:
		f, e.last = e.last, nil
	default:
		e.running = false
	}
	return f
}
