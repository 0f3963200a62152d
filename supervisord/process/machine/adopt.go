package machine

import (
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/logs"
)

// resumeAdopted goes on with a living child.
func resumeAdopted(m *Machine, now time.Time, in Input) {
	saved := *in.Saved
	if !hasChild(saved.State) { // it was being born when its daemon ended
		saved.State, saved.Started, saved.StartDue, saved.ProbeResults = states.Starting, now, false, ProbeResults{}
	}
	was := saved.Hook
	saved.Hook = NoHook // what became of it nobody knows
	m.restore(saved)
	m.lostDaemon, m.lastPID = in.LostDaemon, saved.PID
	m.Outdated = len(m.conf.Outdated(m.Digest)) > 0
	if !in.HandedOver {
		m.forgetProbeResults()
		m.logf(logs.LevelInfo, "adopted: '%s' with pid %d", m.conf.Name, m.PID)
	}
	switch {
	case in.Unwanted && m.State != states.Unknown: // which nobody can signal
		m.StartPending, m.StartPendingBy = m.conf.Autostart, byNewDaemon
		in.By = byNewDaemon
		terminate(m, now, in)
	case in.OutputErr != "" && (m.State == states.Starting || m.State == states.Running):
		// It would block at a full pipe, for ever and without a word.
		m.logf(logs.LevelWarn, "restarting '%s' (pid %d): it can't stay adopted, since its output can't be read any more (%s)",
			m.conf.Name, m.PID, in.OutputErr)
		in.By = byNewDaemon + ", which can't read its output (" + in.OutputErr + ")"
		m.StartPending, m.StartPendingBy = true, in.By
		terminate(m, now, in)
	case m.State == states.Starting:
		m.StartPending = false
		m.resumeStart(now, in)
	case m.State == states.Running && was == PostStart:
		m.runHook(PostStart)
	case m.State == states.Stopping && was == PreStop:
		if !m.runHook(PreStop) {
			m.sendStopSignal()
		}
	case m.State == states.Stopping: // it has been told to
		m.emit(SetTimer{max(m.Deadline.Sub(now), 0)})
	}
}

// handleMissedExit takes note of an end that nobody has seen. Even with a status of 0 it
// is unexpected if its cause may have been that nobody was there any more.
func handleMissedExit(m *Machine, now time.Time, in Input) {
	saved := *in.Saved
	if !hasChild(saved.State) {
		saved.State = states.Starting
	}
	saved.Hook = NoHook // it ended with its daemon
	m.restore(saved)
	m.lostDaemon, m.lastPID = in.LostDaemon, saved.PID
	switch m.State {
	case states.Starting:
		handleEarlyExit(m, now, in)
	case states.Stopping:
		if len(in.Remaining) > 0 { // they have what is left of the time
			m.emit(SetTimer{max(m.Deadline.Sub(now), 0)})
		}
		handleStopExit(m, now, in)
	case states.Running, states.Unknown:
		handleExit(m, now, in)
	case states.Stopped, states.Backoff, states.Exited, states.Fatal: // it had a child
	}
}

// restoreWithoutChild goes on where there was no child: what was due is due.
func restoreWithoutChild(m *Machine, now time.Time, in Input) {
	saved, was := *in.Saved, in.Saved.Hook
	saved.PID, saved.Hook = 0, NoHook
	stops := saved.State == states.Stopping && was != NoHook // all but a hook is over
	if hasChild(saved.State) && !stops {                     // it was about to be born
		saved.State, saved.StartDue, saved.Deadline = states.Backoff, true, now
		saved.Reason = "its daemon was gone before it was started"
	}
	m.restore(saved)
	m.lastExit = saved.LastExit()
	switch {
	case stops && was == PreStart:
		m.enterStopped(now)
	case stops || was == PostStop:
		if !m.runHook(PostStop) && stops {
			m.enterStopped(now)
		}
	}
	switch {
	case m.StartDue:
		m.emit(SetTimer{max(m.Deadline.Sub(now), 0)})
	case saved.State == states.Stopped: // in the middle of a replacement
		m.startIfPending(now)
	}
}

// restore makes the machine what it was.
func (m *Machine) restore(saved Status) {
	m.Status = saved
	m.emit(RestoreState{m.State})
}
