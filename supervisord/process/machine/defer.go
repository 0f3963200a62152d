package machine

import (
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/logs"
)

// deferStart records what a start waits for: readers see it, and a later daemon goes on
// waiting. An automatic restart that was due waits too. With nothing to wait for the
// start is called off.
func deferStart(m *Machine, _ time.Time, in Input) {
	if in.Update && m.WaitingFor == "" { // it was called off meanwhile
		return
	}
	if m.State != states.Stopping {
		switch {
		case in.Text != "":
			m.Reason = "waiting for " + in.Text
		case m.WaitingFor != "":
			m.Reason = "its start, which waited for " + m.WaitingFor + ", was called off"
		}
	}
	m.WaitingFor, m.StartCancelled = in.Text, false
	if m.StartDue {
		m.StartDue = false
		m.emit(StopTimer{})
	}
}

// cancelStart handles a stop request for a process that has no child: if its start
// waits, it is called off. Otherwise the request is refused.
func cancelStart(m *Machine, now time.Time, in Input) {
	m.cancelPostStop(in)
	if m.WaitingFor == "" {
		if m.State == states.Stopped {
			m.StartPending, m.StartPendingBy = false, "" // granted while starts were forbidden
		}
		refuseNotRunning(m, now, in)
		return
	}
	if m.State != states.Stopping {
		m.Reason = "its start, which waited for " + m.WaitingFor + ", was called off by " + requester(in)
	}
	m.WaitingFor, m.StartCancelled = "", true
}

// failDependency gives up a process whose start has waited too long.
func failDependency(m *Machine, _ time.Time, in Input) {
	if m.WaitingFor == "" {
		return
	}
	m.WaitingFor, m.SpawnErr = "", in.Text
	m.Reason = "given up: " + in.Text
	if m.State != states.Fatal {
		m.enterState(states.Fatal)
	}
	m.logf(logs.LevelInfo, "gave up: %s entered FATAL state, %s", m.conf.Name, in.Text)
}

// forbidStarts prevents starts. A child that is alive is left alone.
func forbidStarts(m *Machine, _ time.Time, _ Input) {
	m.noStarts = true
	if m.StartDue {
		m.emit(StopTimer{})
	}
}

// allowStarts takes forbidStarts back. A start that was due happens now, and so does one
// that was requested while the process was stopping.
func allowStarts(m *Machine, now time.Time, _ Input) {
	m.noStarts = false
	switch {
	case m.StartDue:
		m.emit(SetTimer{0})
	case m.State == states.Stopped:
		m.startIfPending(now)
	}
}
