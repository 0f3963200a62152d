package machine

import (
	"syscall"
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/signals"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/logs"
)

// terminate sends the stop signal, or takes the first step of stop_sequence, and gives
// the child time to exit.
func terminate(m *Machine, now time.Time, in Input) {
	m.Reason, m.ReadyTimedOut = beingStoppedBy+requester(in), false
	if !m.prepareStop(now) {
		m.sendStopSignal()
	}
}

// StopsWithOneSignal reports whether a stop begins with one signal to the child or its group.
func (m *Machine) StopsWithOneSignal() bool {
	return len(m.conf.Stop.Sequence) == 0 && m.conf.Stop.Scope == config.ScopeDefault && !m.hasHook(PreStop) && m.Hook == NoHook
}

// sendStopSignal sends stopsignal, or the signal of the first step.
func (m *Machine) sendStopSignal() {
	m.StopStep = 0
	if len(m.conf.Stop.Sequence) > 0 {
		m.runStopStep()
		return
	}
	m.signalWithTimeout(m.conf.StopSignal, m.StopTarget(m.conf.StopAsGroup), seconds(m.conf.StopWaitSecs))
}

// runStopStep sends the signal of a step of stop_sequence.
func (m *Machine) runStopStep() {
	s := m.conf.Stop.Sequence[m.StopStep]
	if s.Signal == syscall.SIGKILL {
		m.sendKill()
		return
	}
	if m.StopStep > 0 {
		m.logf(logs.LevelWarn, "signalling '%s' (%d) with %s, as it has not ended", m.conf.Name, m.PID, signals.Name(s.Signal))
	}
	wait := s.Wait
	if wait == 0 {
		wait = seconds(m.conf.StopWaitSecs)
	}
	m.signalWithTimeout(s.Signal, m.StopTarget(m.conf.StopAsGroup), wait)
}

// escalateStop handles a child that has not exited in time: it takes the next step, and
// after the last one sends SIGKILL again and again.
func escalateStop(m *Machine, _ time.Time, _ Input) {
	if m.PID == 0 {
		return // it has exited, only a hook still runs
	}
	if m.StopStep+1 < len(m.conf.Stop.Sequence) && !m.killingLeftovers {
		m.StopStep++
		m.runStopStep()
		return
	}
	m.sendKill()
}

// stopWhileStopping handles a stop request while STOPPING. Like Supervisor it refuses
// the request, unless the process was to be started again by something else than an
// operator: then it just stays stopped.
func stopWhileStopping(m *Machine, now time.Time, in Input) {
	if !m.StartPending || m.StartPendingBy == "" {
		cancelStart(m, now, in)
		return
	}
	m.StartPending, m.StartPendingBy = false, ""
	m.Reason = beingStoppedBy + requester(in)
}

// killChild sends SIGKILL without a stop signal before it.
func killChild(m *Machine, now time.Time, in Input) {
	if m.State != states.Stopping {
		m.Reason, m.ReadyTimedOut = beingStoppedBy+requester(in), false
	} else if m.StartPending && m.StartPendingBy != "" { // as in stopWhileStopping
		m.StartPending, m.StartPendingBy = false, ""
		m.Reason = beingStoppedBy + requester(in)
	}
	switch {
	case m.PID != 0:
	case m.State == states.Stopping:
		m.emit(CancelHook{}) // only a hook still runs
		return
	default:
		m.prepareStop(now)
		return
	}
	m.StopStep = len(m.conf.Stop.Sequence) // there is nothing after SIGKILL
	m.sendKill()
}

// sendKill sends SIGKILL. It is sent again every killInterval: a process that is stuck in
// the kernel can't exit yet.
func (m *Machine) sendKill() {
	m.dropHook()
	m.logf(logs.LevelWarn, "killing '%s' (%d) with SIGKILL", m.conf.Name, m.PID)
	m.signalWithTimeout(syscall.SIGKILL, m.StopTarget(m.conf.KillAsGroup), m.killInterval())
}

// killInterval is the time between two SIGKILLs. A stopwaitsecs of 0 leaves no time for
// the stop signal, but SIGKILL still takes some.
func (m *Machine) killInterval() time.Duration {
	wait := seconds(m.conf.StopWaitSecs)
	if seq := m.conf.Stop.Sequence; len(seq) > 0 {
		if last := seq[len(seq)-1]; last.Signal == syscall.SIGKILL && last.Wait > 0 {
			wait = last.Wait
		}
	}
	return max(wait, minInterval)
}

// signalWithTimeout sends a signal of a stop and gives the process time to exit.
func (m *Machine) signalWithTimeout(sig syscall.Signal, to Target, timeout time.Duration) {
	target := ""
	switch to {
	case ToGroup:
		target = "process group "
	case ToScope:
		target = m.scopeName() + " "
	case ToLeader, ToAll:
	}
	m.logf(logs.LevelDebug, "killing %s (pid %d) %swith signal %s", m.conf.Name, m.PID, target, signals.Name(sig))
	if m.State != states.Stopping && !m.ReadyTimedOut {
		m.enterState(states.Stopping)
	}
	m.emit(SetTimer{timeout}, SendSignal{sig, to})
}

// forwardSignal sends the signal that a caller asked for.
func forwardSignal(m *Machine, _ time.Time, in Input) {
	if m.refuseWithoutChild() {
		return
	}
	m.logf(logs.LevelDebug, "sending %s (pid %d) sig %s", m.conf.Name, m.PID, signals.Name(in.Signal))
	m.emit(SendSignal{Signal: in.Signal})
}

// handleSignalFailure handles a signal that the kernel refused. The child may live on, so
// a start that was to follow is called off.
func handleSignalFailure(m *Machine, _ time.Time, in Input) {
	m.logf(logs.LevelCritical, "%s", in.Text)
	m.Reason = "a signal could not be sent: " + in.Text
	if m.WaitingFor != "" {
		m.Reason += "; its start, which waited for " + m.WaitingFor + ", was called off"
	}
	m.WaitingFor, m.StartPending, m.StartPendingBy = "", false, ""
	m.enterState(states.Unknown)
	m.emit(Refuse{faults.Failed, in.Text})
}

// refuseWithoutChild refuses a request that needs a child if there is none, and reports
// whether it did.
func (m *Machine) refuseWithoutChild() bool {
	if m.PID != 0 {
		return false
	}
	m.emit(Refuse{Code: faults.NotRunning})
	return true
}

func refuseNotRunning(m *Machine, _ time.Time, _ Input) { m.emit(Refuse{Code: faults.NotRunning}) }
