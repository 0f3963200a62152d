package machine

import (
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/spawn"
)

// Hook is a point at which a command of the user runs.
type Hook int

// The hooks. At most one runs at a time.
const (
	NoHook    Hook = iota
	PreStart       // STARTING, before there is a child; if it fails the start fails
	PostStart      // RUNNING
	PreStop        // STOPPING, before the stop signal
	PostStop       // after the exit of a child; STOPPED and the next child wait for its end
	numHooks
)

// String returns the name of the option.
func (h Hook) String() string {
	return [...]string{"", "pre_start", "post_start", "pre_stop", "post_stop"}[h]
}

// Command returns the command that is configured, "" for none.
func (h Hook) Command(c *config.Hooks) string {
	return [...]string{"", c.PreStart, c.PostStart, c.PreStop, c.PostStop}[h]
}

// hasHook reports whether a hook is configured.
func (m *Machine) hasHook(h Hook) bool { return h.Command(&m.conf.Hooks) != "" }

// runHook runs a hook if it is configured, and reports whether it is.
func (m *Machine) runHook(h Hook) bool {
	if !m.hasHook(h) {
		return false
	}
	m.Hook = h
	pid := m.PID
	if h == PostStop {
		pid = m.lastPID
	}
	m.emit(RunHook{Hook: h, PID: pid, Exit: m.lastExit})
	return true
}

// finishHook records the end of a hook and reports whether that was the one that is
// running. A failure is logged; only that of pre_start has consequences.
func (m *Machine) finishHook(in Input) bool {
	if m.Hook == NoHook || in.Hook != m.Hook {
		return false
	}
	m.Hook = NoHook
	if in.Text != "" && in.Hook != PreStart {
		m.logf(logs.LevelWarn, "%s: %s", m.conf.Name, in.Text)
	}
	return true
}

// noteHookFinished handles the end of a hook that nothing waits for.
func noteHookFinished(m *Machine, _ time.Time, in Input) { m.finishHook(in) }

// dropHook cancels the hook that is running.
func (m *Machine) dropHook() {
	if m.Hook != NoHook {
		m.Hook = NoHook
		m.emit(CancelHook{})
	}
}

// prepareStop does what a stop does before its first signal. It reports whether there is
// anything: then the signal is sent later, or not at all.
func (m *Machine) prepareStop(now time.Time) bool {
	if m.PID == 0 { // a spawn is being prepared
		m.enterState(states.Stopping)
		switch m.Hook {
		case PreStart:
			m.emit(CancelHook{})
		case NoHook:
			m.enterStopped(now)
		case PostStart, PreStop, PostStop: // of the last child; it must end
		}
		return true
	}
	if m.Hook == PostStart {
		m.dropHook()
	}
	if !m.hasHook(PreStop) {
		return false
	}
	if m.State != states.Stopping { // the state of an adopted child may be
		m.enterState(states.Stopping)
	}
	return m.runHook(PreStop)
}

// continueStop handles the end of a hook that a stop waits for.
func continueStop(m *Machine, now time.Time, in Input) {
	switch {
	case !m.finishHook(in):
	case in.Hook == PreStop && m.PID != 0:
		m.sendStopSignal()
	case in.Hook == PreStop && m.runHook(PostStop):
	default:
		m.enterStopped(now)
	}
}

// enterStopped ends a stop whose child has exited before, or that had none.
func (m *Machine) enterStopped(now time.Time) {
	m.PID = m.exitedPID // for the event
	m.Reason = m.stopReason()
	m.enterState(states.Stopped)
	m.PID, m.exitedPID, m.Tries = 0, 0, 0
	m.startIfPending(now)
}

// awaitStopHook reports whether a stop still waits for a hook after the child has exited.
// continueStop handles its end.
func (m *Machine) awaitStopHook(exit spawn.Exit) bool {
	m.lastExit = exit
	if m.Hook != PreStop && !m.hasHook(PostStop) {
		return false
	}
	m.exitedPID, m.PID = m.PID, 0
	m.emit(StopTimer{})
	if m.Hook != PreStop { // pre_stop, which may deregister the program, must end first
		m.runHook(PostStop)
	}
	return true
}

// runPostStop runs post_stop after a child that exited by itself.
func (m *Machine) runPostStop(exit spawn.Exit) {
	m.lastExit = exit
	m.dropHook()
	m.runHook(PostStop)
}

// cancelPostStop cancels post_stop if the process is to end at once.
func (m *Machine) cancelPostStop(in Input) {
	if in.Kind == KillRequested && m.Hook == PostStop {
		m.emit(CancelHook{})
	}
}
