package health

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"supervisor/supervisord/config"
	"supervisor/supervisord/spawn"
)

// probeResult is the result of a probe.
type probeResult struct {
	process *watchedProcess
	pid     int
	purpose purpose
	err     error
}

const (
	// firstReadyDelay is the delay of the first probe for readiness. It doubles until
	// ready_interval is reached: most programs are ready either almost at once or
	// after a long time.
	firstReadyDelay = 50 * time.Millisecond
	// defaultTimeout is the time limit of a probe without health_timeout.
	defaultTimeout = 2 * time.Second
)

// maxJitter is the longest delay of the first health probe, which spreads the probes
// of many programs.
const maxJitter = time.Minute

// jitter returns a random duration between half of d and one and a half of it.
func (s *watchedProcess) jitter(d time.Duration) time.Duration {
	return d/2 + time.Duration(s.m.Random()*float64(d))
}

// finite limits an infinite duration, so that it can be added to a time.
func finite(d time.Duration) time.Duration { return min(d, 10*365*24*time.Hour) }

// timerFired handles a timer that is due.
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

// startProbe starts a probe in a goroutine of its own.
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

// handleResult handles the result of a probe.
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
		if !spawn.IsShortage(a.err) { // a shortage of ours says nothing about the child
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

// nextDelay returns the time until the next probe for readiness. It doubles until it
// is ready_interval.
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

// markReady tells the process that its child is ready.
func (s *watchedProcess) markReady() {
	pid := s.pid
	s.ready = true // until the next status of the process
	s.enqueue(func() { s.p.Ready(pid) })
}
