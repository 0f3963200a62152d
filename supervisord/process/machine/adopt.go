package machine

import (
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/system/boottime"
)

// resumeAdopted goes on with a child that is alive.
func resumeAdopted(m *Machine, now time.Time, in Input) {
	saved := *in.Saved
	if !hasChild(saved.State) { // the daemon ended in the middle of the spawn
		saved.State, saved.Started, saved.StartDue, saved.ProbeResults = states.Starting, boottime.At(now), false, ProbeResults{}
	}
	was := saved.Hook
	saved.Hook = NoHook // its outcome is not known
	m.restore(saved)
	m.lostDaemon, m.lastPID = in.LostDaemon, saved.PID
	m.Outdated = len(m.conf.Outdated(m.Digest)) > 0
	if !in.HandedOver {
		m.forgetProbeResults()
		m.logf(logs.LevelInfo, "adopted: '%s' with pid %d", m.conf.Name, m.PID)
	}
	switch {
	case in.Unwanted && m.State != states.Unknown: // that one can't be signalled
		m.StartPending, m.StartPendingBy = m.conf.Autostart, byNewDaemon
		in.By = byNewDaemon
		terminate(m, now, in)
	case in.OutputErr != "" && (m.State == states.Starting || m.State == states.Running):
		// It would block for ever as soon as its pipe is full, without a trace.
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
	case m.State == states.Stopping: // it has its signal
		m.emit(SetTimer{max(m.Deadline.Sub(now), 0)})
	}
}

// resumeStart goes on with the start of an adopted child, which has what is left of its
// time. But a child that reports by itself that it is ready, and may have done so while
// no daemon listened, has all of its time again.
func (m *Machine) resumeStart(now time.Time, in Input) {
	switch {
	case m.ReadyTimedOut:
		m.emit(SetTimer{max(m.Deadline.Sub(now), 0)})
	case !m.awaitsReady():
		m.emit(SetTimer{max(seconds(m.conf.StartSecs)-now.Sub(m.Started.Time), 0)})
	case !in.HandedOver && m.conf.Ready.Kind.SelfReported():
		m.ReadyMaybeMissed = true
		m.startReadyTimer(now)
	case m.ReadyBy.IsZero():
		m.startReadyTimer(now)
	default:
		left := m.ReadyBy.Sub(now)
		if !in.HandedOver && left < minReadyTime {
			left = minReadyTime
			m.ReadyBy = boottime.At(now.Add(left))
		}
		m.emit(SetTimer{max(left, 0)})
	}
}

// forgetProbeResults forgets, after a crash of the daemon, the answers of probes: they may
// not hold any more. What a child has reported by itself still holds, and a process that
// was RUNNING stays ready: readiness is never taken back.
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

// handleMissedExit handles an exit that no daemon saw. If the lost daemon may have been
// its cause, it counts as unexpected even with status 0.
func handleMissedExit(m *Machine, now time.Time, in Input) {
	saved := *in.Saved
	if !hasChild(saved.State) {
		saved.State = states.Starting
	}
	saved.Hook = NoHook // it ended with the earlier daemon
	m.restore(saved)
	m.lostDaemon, m.lastPID = in.LostDaemon, saved.PID
	switch m.State {
	case states.Starting:
		handleEarlyExit(m, now, in)
	case states.Stopping:
		if len(in.Remaining) > 0 { // descendants have what is left of the time
			m.emit(SetTimer{max(m.Deadline.Sub(now), 0)})
		}
		handleStopExit(m, now, in)
	case states.Running, states.Unknown:
		handleExit(m, now, in)
	case states.Stopped, states.Backoff, states.Exited, states.Fatal: // excluded above
	}
}

// restoreWithoutChild goes on where there was no child. A start that was due stays due.
func restoreWithoutChild(m *Machine, now time.Time, in Input) {
	saved, was := *in.Saved, in.Saved.Hook
	saved.PID, saved.Hook = 0, NoHook
	stops := saved.State == states.Stopping && was != NoHook // only a hook was still running
	if hasChild(saved.State) && !stops {                     // it was about to be spawned
		saved.State, saved.StartDue, saved.Deadline = states.Backoff, true, boottime.At(now)
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
	case saved.State == states.Stopped: // the daemon ended in the middle of a restart
		m.startIfPending(now)
	}
}

// restore sets the state that the process had before.
func (m *Machine) restore(saved Status) {
	m.Status = saved
	m.emit(RestoreState{m.State})
}
