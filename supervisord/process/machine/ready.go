package machine

import (
	"time"

	"supervisor/supervisord/config"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/system/boottime"
)

// maxExtension is the longest time that a child may ask for at once. No limit at all is
// for the configuration to set.
const maxExtension = 24 * time.Hour

// minReadyTime is the least time that a child has left to become ready after a new daemon
// adopted it: the probes of that daemon start over.
const minReadyTime = 10 * time.Second

// awaitsReady reports whether the start still waits for ready=.
func (m *Machine) awaitsReady() bool { return m.conf.Ready.Kind != config.NoProbe && !m.Ready }

// isForChild reports whether an input is about the present child. Probes may answer late,
// about an earlier one.
func (m *Machine) isForChild(in Input) bool { return m.PID != 0 && m.PID == in.PID }

// startReadyTimer gives the child ready_timeout from now on.
func (m *Machine) startReadyTimer(now time.Time) {
	limit := m.conf.Ready.Timeout
	if limit >= option.Forever {
		m.ReadyBy = boottime.Time{}
		m.emit(StopTimer{})
		return
	}
	m.ReadyBy = boottime.At(now.Add(limit))
	m.emit(SetTimer{limit})
}

// handleReadyTimeout stops a child that has not become ready in time. The state stays
// STARTING: the exit of the child is that of a failed start.
func (m *Machine) handleReadyTimeout() {
	m.ReadyTimedOut = true
	m.Reason = m.notReadyReason() + "; being stopped"
	m.logf(logs.LevelWarn, "stopping: %s (%d): %s", m.conf.Name, m.PID, m.notReadyReason())
	m.sendStopSignal()
}

// assumeReady handles an adopted child that has not reported that it is ready. It reports
// that once, and may have done so while no daemon listened.
func (m *Machine) assumeReady(now time.Time, in Input) {
	m.logf(logs.LevelWarn, "taken for ready: %s (%d) has not said so since it was adopted, but may have before", m.conf.Name, m.PID)
	m.Ready, m.NotReadyReason, m.ProbeChangedAt = true, "", boottime.At(now)
	enterRunning(m, now, in)
}

// notReadyReason is the spawn error of a child that has not become ready in time.
func (m *Machine) notReadyReason() string {
	text := "not ready within " + formatSeconds(m.ReadyBy.Sub(m.Started.Time))
	if m.NotReadyReason != "" {
		text += " (" + m.NotReadyReason + ")"
	}
	return text
}

// handleReady handles the first success of ready=.
func handleReady(m *Machine, now time.Time, in Input) {
	if !m.isForChild(in) || m.Ready || m.ReadyTimedOut {
		return
	}
	m.Ready, m.NotReadyReason, m.ProbeChangedAt = true, "", boottime.At(now)
	if left := seconds(m.conf.StartSecs) - now.Sub(m.Started.Time); left > 0 {
		m.emit(SetTimer{left})
		return
	}
	enterRunning(m, now, in)
}

// noteReady is handleReady for a child that was RUNNING already when this daemon adopted it.
func noteReady(m *Machine, now time.Time, in Input) {
	if m.isForChild(in) && !m.Ready {
		m.Ready, m.NotReadyReason, m.ProbeChangedAt = true, "", boottime.At(now)
	}
}

// noteNotReady records why ready= has failed.
func noteNotReady(m *Machine, _ time.Time, in Input) {
	if m.isForChild(in) && m.awaitsReady() && !m.ReadyTimedOut {
		m.NotReadyReason = in.Text
	}
}

// extendStart gives a child that asked for it more time to start, from now on.
func extendStart(m *Machine, now time.Time, in Input) {
	by := now.Add(min(in.Extension, maxExtension))
	if !m.isForChild(in) || !m.awaitsReady() || m.ReadyTimedOut || m.ReadyBy.IsZero() || !by.After(m.ReadyBy.Time) {
		return
	}
	m.ReadyBy, m.ReadyMaybeMissed = boottime.At(by), false // a child that asks for time is not ready yet
	m.emit(SetTimer{by.Sub(now)})
}

// extendStop gives a child that asked for it more time to exit. The timer never fires
// sooner than it would have.
func extendStop(m *Machine, now time.Time, in Input) {
	by := now.Add(min(in.Extension, maxExtension))
	if m.isForChild(in) && !m.Deadline.IsZero() && by.After(m.Deadline.Time) {
		m.emit(SetTimer{by.Sub(now)})
	}
}

// reconfigureStart applies a changed configuration to a start that is under way.
func reconfigureStart(m *Machine, now time.Time, in Input) {
	switch {
	case m.PID == 0 || m.ReadyTimedOut:
	case m.awaitsReady() && m.conf.Ready.Timeout >= option.Forever:
		m.startReadyTimer(now)
	case m.awaitsReady() && m.ReadyMaybeMissed:
		m.startReadyTimer(now)
	case m.awaitsReady():
		m.ReadyBy = boottime.At(m.Started.Add(m.conf.Ready.Timeout))
		m.emit(SetTimer{max(m.ReadyBy.Sub(now), 0)})
	default:
		m.emit(SetTimer{max(seconds(m.conf.StartSecs)-now.Sub(m.Started.Time), 0)})
	}
}

// setHealth records the answer of a health probe.
func setHealth(m *Machine, now time.Time, in Input) {
	if !m.isForChild(in) {
		return
	}
	if in.Health != m.Health {
		m.ProbeChangedAt = boottime.At(now)
	}
	m.Health, m.HealthFailure = in.Health, in.Text
}

// replaceChild stops an unhealthy child and has another one started when it has exited.
func replaceChild(m *Machine, now time.Time, in Input) {
	if !m.isForChild(in) {
		return
	}
	m.lastOutcome = "it was unhealthy (" + in.Text + ")"
	terminate(m, now, in)
	m.Reason += ": " + in.Text
	m.StartPending, m.StartPendingBy = true, in.By
}
