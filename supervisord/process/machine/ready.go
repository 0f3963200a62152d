package machine

import (
	"strconv"
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/spawn"
)

// Whoever asks a child for its readiness and health does that outside: package
// health. What a process does about the answers is here.

// maxExtension is the longest time that a program may ask for at once. Who
// means for ever says so in the configuration.
const maxExtension = 24 * time.Hour

// minReadyTime is the least time that a child has to become ready after its
// daemon was gone: who asks it begins anew.
const minReadyTime = 10 * time.Second

// awaitsReady tells whether a start is not complete before ready= has succeeded.
func (m *Machine) awaitsReady() bool { return m.conf.Ready.Kind != config.NoProbe && !m.Ready }

// isForChild tells whether an input is about the child that there is: who asks may
// be slow.
func (m *Machine) isForChild(in Input) bool { return m.PID != 0 && m.PID == in.PID }

// startReadyTimer gives a newborn its time to become ready.
func (m *Machine) startReadyTimer(now time.Time) {
	limit := m.conf.Ready.Timeout
	if limit >= config.Forever {
		m.ReadyBy = time.Time{}
		m.emit(StopTimer{})
		return
	}
	m.ReadyBy = now.Add(limit)
	m.emit(SetTimer{limit})
}

// handleStartTimer is a timer in STARTING.
func handleStartTimer(m *Machine, now time.Time, in Input) {
	switch {
	case m.ReadyTimedOut:
		escalateStop(m, now, in)
	case !m.awaitsReady():
		enterRunning(m, now, in)
	case m.ReadyBy.After(now): // it has been put off
		m.emit(SetTimer{m.ReadyBy.Sub(now)})
	case m.PID != 0 && m.ReadyMaybeMissed:
		m.assumeReady(now, in)
	case m.PID != 0:
		m.handleReadyTimeout()
	}
}

// assumeReady takes a child for ready that has not been heard to say so: it says that
// once, and may have done so while there was no daemon.
func (m *Machine) assumeReady(now time.Time, in Input) {
	m.logf(logs.LevelWarn, "taken for ready: %s (%d) has not said so since it was adopted, but may have before", m.conf.Name, m.PID)
	m.Ready, m.NotReadyReason, m.ProbeChangedAt = true, "", now
	enterRunning(m, now, in)
}

// handleReadyTimeout ends a child that has not become ready in time, as a stop would. The
// state stays STARTING: its end is one of a start that has failed.
func (m *Machine) handleReadyTimeout() {
	m.ReadyTimedOut = true
	m.Reason = m.notReadyReason() + "; being stopped"
	m.logf(logs.LevelWarn, "stopping: %s (%d): %s", m.conf.Name, m.PID, m.notReadyReason())
	m.sendStopSignal()
}

// notReadyReason is the spawn error of a child that has not become ready in time.
func (m *Machine) notReadyReason() string {
	text := "not ready within " + formatSeconds(m.ReadyBy.Sub(m.Started))
	if m.NotReadyReason != "" {
		text += " (" + m.NotReadyReason + ")"
	}
	return text
}

// formatSeconds is a duration as the configuration would have it.
func formatSeconds(d time.Duration) string {
	n := strconv.FormatFloat(roundTo(d, 100*time.Millisecond).Seconds(), 'f', -1, 64)
	if n == "1" {
		return "1 second"
	}
	return n + " seconds"
}

// handleReady is the first success of ready=.
func handleReady(m *Machine, now time.Time, in Input) {
	if !m.isForChild(in) || m.Ready || m.ReadyTimedOut {
		return
	}
	m.Ready, m.NotReadyReason, m.ProbeChangedAt = true, "", now
	if left := seconds(m.conf.StartSecs) - now.Sub(m.Started); left > 0 {
		m.emit(SetTimer{left})
		return
	}
	enterRunning(m, now, in)
}

// noteReady is the same for a child that had been RUNNING already when this
// daemon got it.
func noteReady(m *Machine, now time.Time, in Input) {
	if m.isForChild(in) && !m.Ready {
		m.Ready, m.NotReadyReason, m.ProbeChangedAt = true, "", now
	}
}

// noteNotReady is a failure of ready=.
func noteNotReady(m *Machine, _ time.Time, in Input) {
	if m.isForChild(in) && m.awaitsReady() && !m.ReadyTimedOut {
		m.NotReadyReason = in.Text
	}
}

// extendStart gives a child that says that it needs more time to start that time,
// from now on.
func extendStart(m *Machine, now time.Time, in Input) {
	by := now.Add(min(in.Extension, maxExtension))
	if !m.isForChild(in) || !m.awaitsReady() || m.ReadyTimedOut || m.ReadyBy.IsZero() || !by.After(m.ReadyBy) {
		return
	}
	m.ReadyBy, m.ReadyMaybeMissed = by, false // who asks for time is not ready yet
	m.emit(SetTimer{by.Sub(now)})
}

// extendStop is the same for one that is to end. The timer goes off no sooner than
// it would have.
func extendStop(m *Machine, now time.Time, in Input) {
	by := now.Add(min(in.Extension, maxExtension))
	if m.isForChild(in) && !m.Deadline.IsZero() && by.After(m.Deadline) {
		m.emit(SetTimer{by.Sub(now)})
	}
}

// setHealth is what a probe for health has come to.
func setHealth(m *Machine, now time.Time, in Input) {
	if !m.isForChild(in) {
		return
	}
	if in.Health != m.Health {
		m.ProbeChangedAt = now
	}
	m.Health, m.HealthFailure = in.Health, in.Text
}

// replaceChild replaces an unhealthy child: it is stopped, and started when it has ended.
func replaceChild(m *Machine, now time.Time, in Input) {
	if !m.isForChild(in) {
		return
	}
	m.lastOutcome = "it was unhealthy (" + in.Text + ")"
	terminate(m, now, in)
	m.Reason += ": " + in.Text
	m.StartPending, m.StartPendingBy = true, in.By
}

// stopWhileStopping is a stop request while STOPPING. It is refused, as ever, unless
// the process was to be started again without anybody's having asked for it.
func stopWhileStopping(m *Machine, now time.Time, in Input) {
	if !m.StartPending || m.StartPendingBy == "" {
		cancelStart(m, now, in)
		return
	}
	m.StartPending, m.StartPendingBy = false, ""
	m.Reason = beingStoppedBy + requester(in)
}

// reconfigureStart goes by another configuration in the middle of a start.
func reconfigureStart(m *Machine, now time.Time, in Input) {
	switch {
	case m.PID == 0 || m.ReadyTimedOut:
	case m.awaitsReady() && m.conf.Ready.Timeout >= config.Forever:
		m.startReadyTimer(now)
	case m.awaitsReady() && m.ReadyMaybeMissed:
		m.startReadyTimer(now)
	case m.awaitsReady():
		m.ReadyBy = m.Started.Add(m.conf.Ready.Timeout)
		m.emit(SetTimer{max(m.ReadyBy.Sub(now), 0)})
	default:
		m.emit(SetTimer{max(seconds(m.conf.StartSecs)-now.Sub(m.Started), 0)})
	}
}

// resumeStart goes on with the start of an adopted child. Whatever has a timer has
// what is left of its time; but a child that says by itself that it is ready, and
// may have said it to nobody, has all of it again.
func (m *Machine) resumeStart(now time.Time, in Input) {
	switch {
	case m.ReadyTimedOut:
		m.emit(SetTimer{max(m.Deadline.Sub(now), 0)})
	case !m.awaitsReady():
		m.emit(SetTimer{max(seconds(m.conf.StartSecs)-now.Sub(m.Started), 0)})
	case !in.HandedOver && m.conf.Ready.Kind.SelfReported():
		m.ReadyMaybeMissed = true
		m.startReadyTimer(now)
	case m.ReadyBy.IsZero():
		m.startReadyTimer(now)
	default:
		left := m.ReadyBy.Sub(now)
		if !in.HandedOver && left < minReadyTime {
			left = minReadyTime
			m.ReadyBy = now.Add(left)
		}
		m.emit(SetTimer{max(left, 0)})
	}
}

// forgetProbeResults forgets, after a crash, what nobody knows any more: whether what has
// been asked for would still get the same answer. What a child has said holds, and
// so does the readiness of who was RUNNING, which is never taken back.
func (m *Machine) forgetProbeResults() {
	switch m.conf.Ready.Kind {
	case config.NotifyProbe, config.FDProbe, config.LogProbe:
	default:
		if m.State == states.Running {
			break
		}
		m.Ready, m.NotReadyReason = false, ""
	}
	m.Health, m.HealthFailure = HealthUnknown, ""
}

// earlyExitReason words why an end while STARTING is a failure.
func (m *Machine) earlyExitReason(now time.Time, e spawn.Exit) (spawnErr, ending string) {
	switch {
	case m.ReadyTimedOut:
		return m.notReadyReason(), m.notReadyReason()
	case now.Sub(m.Started) >= seconds(m.conf.StartSecs):
		return "Exited before it was ready (process log may have details)", e.String() + " came before it was ready"
	}
	return "Exited too quickly (process log may have details)", e.String() + " came sooner than startsecs allows"
}
