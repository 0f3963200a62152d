package health

import (
	"fmt"
	"time"

	"supervisor/supervisord/api/signals"
	"supervisor/supervisord/config"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/process"
)

// recordHealth records the result of a health check.
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

// recordSuccess records a successful health check.
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

// recordFailure reports a failed health check, and acts when there were too many in
// a row.
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

// actionText returns health_action in words.
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

// runAction carries out health_action. It is repeated after as many further failures,
// except for a signal, which may have been meant to be sent once.
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
