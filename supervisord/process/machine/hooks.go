package machine

import (
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/logs"
)

// Hook is a moment in the life of a process at which a command of the user's can
// be run.
type Hook int

// The hooks. At most one of them is under way.
const (
	NoHook    Hook = iota
	PreStart       // STARTING, before there is a child: its failure is the start's
	PostStart      // RUNNING
	PreStop        // STOPPING, before the stop signal
	PostStop       // after the end of a child; neither STOPPED nor the next child comes before it is over
	numHooks
)

// String returns the name of its option.
func (h Hook) String() string {
	return [...]string{"", "pre_start", "post_start", "pre_stop", "post_stop"}[h]
}

// Command is what is to be run, "" for nothing.
func (h Hook) Command(c *config.Hooks) string {
	return [...]string{"", c.PreStart, c.PostStart, c.PreStop, c.PostStop}[h]
}

// hasHook tells whether there is something to do at that moment.
func (m *Machine) hasHook(h Hook) bool { return h.Command(&m.conf.Hooks) != "" }

// runHook has a hook run, if there is one for that moment, and tells whether there is.
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

// beginSpawn has a child born. First of all the hooks of the last one must be over,
// then that of this one. While births are forbidden it is put off.
func (m *Machine) beginSpawn() {
	switch {
	case m.Hook == PostStop, m.runHook(PreStart):
	default:
		m.emit(SpawnChild{})
	}
}

// finishHook takes note of the end of a hook, and tells whether it is the one that is
// under way. But for PreStart's a failure is only told.
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

// noteHookFinished is the end of a hook that nothing waits for.
func noteHookFinished(m *Machine, _ time.Time, in Input) { m.finishHook(in) }

// continueStart is the end of a hook that a birth waits for.
func continueStart(m *Machine, now time.Time, in Input) {
	switch {
	case !m.finishHook(in) || m.PID != 0:
	case m.noStarts:
		m.enterState(states.Backoff)
		m.Reason = "held before it was started"
		m.scheduleStart(0)
	case in.Hook == PostStop:
		m.Started = now // as below
		m.beginSpawn()
	case in.Text != "":
		in.Kind = SpawnFailed
		handleSpawnFailure(m, now, in)
	default:
		m.Started = now // startsecs is the child's time
		m.emit(SpawnChild{})
	}
}

// prepareStop begins a stop with what comes before the signal. It tells whether there is
// anything: then ask comes later, or never.
func (m *Machine) prepareStop(now time.Time) bool {
	if m.PID == 0 { // and there will be none
		m.enterState(states.Stopping)
		switch m.Hook {
		case PreStart:
			m.emit(CancelHook{})
		case NoHook:
			m.enterStopped(now)
		case PostStart, PreStop, PostStop: // of the last child, which is to come to its end
		}
		return true
	}
	if m.Hook == PostStart {
		m.dropHook()
	}
	if !m.hasHook(PreStop) {
		return false
	}
	if m.State != states.Stopping { // an adopted child may be
		m.enterState(states.Stopping)
	}
	return m.runHook(PreStop)
}

// dropHook gives up the hook that is under way.
func (m *Machine) dropHook() {
	if m.Hook != NoHook {
		m.Hook = NoHook
		m.emit(CancelHook{})
	}
}

// continueStop is the end of a hook that a stop waits for.
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

// enterStopped is the end of a stop whose child has ended before, if there was one.
func (m *Machine) enterStopped(now time.Time) {
	m.PID = m.exitedPID // the event tells it
	m.Reason = m.stopReason()
	m.enterState(states.Stopped)
	m.PID, m.exitedPID, m.Tries = 0, 0, 0
	m.startIfPending(now)
}

// awaitStopHook tells whether the end of a child that was to end is not all that there is
// to a stop. freed is told of the rest.
func (m *Machine) awaitStopHook(in Input) bool {
	m.lastExit = in.Exit
	if m.Hook != PreStop && !m.hasHook(PostStop) {
		return false
	}
	m.exitedPID, m.PID = m.PID, 0
	m.emit(StopTimer{})
	if m.Hook != PreStop { // who deregisters a program is to come to the end
		m.runHook(PostStop)
	}
	return true
}

// runPostStop runs what is to be run after a child that has ended by itself.
func (m *Machine) runPostStop(in Input) {
	m.lastExit = in.Exit
	m.dropHook()
	m.runHook(PostStop)
}

// refuseWithoutChild answers a request that is about a child while there is none, and
// tells whether that is so.
func (m *Machine) refuseWithoutChild() bool {
	if m.PID != 0 {
		return false
	}
	m.emit(Refuse{Code: faults.NotRunning})
	return true
}
