package machine

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"supervisor/supervisord/api/signals"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/spawn/descendants"
)

// terminate asks politely and gives the process stopwaitsecs to obey, or does
// the first step of stop_sequence.
func terminate(m *Machine, now time.Time, in Input) {
	m.Reason, m.ReadyTimedOut = beingStoppedBy+requester(in), false
	if !m.prepareStop(now) {
		m.sendStopSignal()
	}
}

// StopsWithOneSignal tells whether a stop is one signal to the child or its group.
func (m *Machine) StopsWithOneSignal() bool {
	return len(m.conf.Stop.Sequence) == 0 && m.conf.Stop.Scope == config.ScopeDefault && !m.hasHook(PreStop) && m.Hook == NoHook
}

// sendStopSignal sends the stop signal, or that of the first step.
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

// escalateStop goes on with a process that has not obeyed in time: to the next step,
// after which SIGKILL is repeated.
func escalateStop(m *Machine, _ time.Time, _ Input) {
	if m.PID == 0 {
		return // it has ended; only its hook has not
	}
	if m.StopStep+1 < len(m.conf.Stop.Sequence) && !m.killingLeftovers {
		m.StopStep++
		m.runStopStep()
		return
	}
	m.sendKill()
}

// killChild is a request not to ask at all.
func killChild(m *Machine, now time.Time, in Input) {
	if m.State != states.Stopping {
		m.Reason, m.ReadyTimedOut = beingStoppedBy+requester(in), false
	} else if m.StartPending && m.StartPendingBy != "" { // this prevails, as a stop would
		m.StartPending, m.StartPendingBy = false, ""
		m.Reason = beingStoppedBy + requester(in)
	}
	switch {
	case m.PID != 0:
	case m.State == states.Stopping:
		m.emit(CancelHook{}) // there is nothing but a hook
		return
	default:
		m.prepareStop(now)
		return
	}
	m.StopStep = len(m.conf.Stop.Sequence) // there is nothing after SIGKILL
	m.sendKill()
}

// cancelPostStop does not wait for a post_stop either if the process is to end at once.
func (m *Machine) cancelPostStop(in Input) {
	if in.Kind == KillRequested && m.Hook == PostStop {
		m.emit(CancelHook{})
	}
}

// sendKill does not ask. It comes again every stopwaitsecs: a process may be in
// the kernel, unable to die just now. A stopwaitsecs of 0 leaves no time for
// the first signal, but does not make the kernel any faster.
func (m *Machine) sendKill() {
	m.dropHook()
	m.logf(logs.LevelWarn, "killing '%s' (%d) with SIGKILL", m.conf.Name, m.PID)
	m.signalWithTimeout(syscall.SIGKILL, m.StopTarget(m.conf.KillAsGroup), m.killInterval())
}

// killInterval is the time between two SIGKILLs.
func (m *Machine) killInterval() time.Duration {
	wait := seconds(m.conf.StopWaitSecs)
	if seq := m.conf.Stop.Sequence; len(seq) > 0 {
		if last := seq[len(seq)-1]; last.Signal == syscall.SIGKILL && last.Wait > 0 {
			wait = last.Wait
		}
	}
	return max(wait, minInterval)
}

// StopTarget tells whom a signal that is to end the process goes to. Without
// stop_scope that is what stopasgroup or killasgroup say.
func (m *Machine) StopTarget(asGroup bool) Target {
	switch {
	case m.killingLeftovers:
		return ToAll
	case m.StopsWholeScope(), m.LeaderExited:
		return ToScope
	case asGroup && m.conf.Stop.Scope == config.ScopeDefault:
		return ToGroup
	}
	return ToLeader
}

// StopsWholeScope tells whether a process counts as stopped only when others than its
// child have ended too.
func (m *Machine) StopsWholeScope() bool { return m.conf.Stop.Scope >= config.ScopeGroup }

// scopeName words stop_scope.
func (m *Machine) scopeName() string {
	switch m.conf.Stop.Scope {
	case config.ScopeTree:
		return "process tree"
	case config.ScopeCgroup:
		return "control group"
	case config.ScopeDefault, config.ScopeLeader, config.ScopeGroup:
	}
	return "process group"
}

// signalWithTimeout sends a signal that is to end the process, and gives it time to.
func (m *Machine) signalWithTimeout(sig syscall.Signal, to Target, timeout time.Duration) {
	whom := ""
	switch to {
	case ToGroup:
		whom = "process group "
	case ToScope:
		whom = m.scopeName() + " "
	case ToLeader, ToAll:
	}
	m.logf(logs.LevelDebug, "killing %s (pid %d) %swith signal %s", m.conf.Name, m.PID, whom, signals.Name(sig))
	if m.State != states.Stopping && !m.ReadyTimedOut {
		m.enterState(states.Stopping)
	}
	m.emit(SetTimer{timeout}, SendSignal{sig, to})
}

// handleStopExit is an end that was asked for.
func handleStopExit(m *Machine, now time.Time, in Input) {
	if !m.LeaderExited { // or this is the first that a new daemon hears of it
		m.Ended, m.ExitStatus, m.ShellStatus = now, in.Exit.Code, shellStatus(in.Exit)
	}
	m.exit = in.Exit
	m.awaitDescendants(now, in)
}

// awaitDescendants makes sure that nobody is left who was to end with the child, in what is
// left of the time that it was given; then it is stopped.
func (m *Machine) awaitDescendants(now time.Time, in Input) {
	stop := &m.conf.Stop
	inside := slices.DeleteFunc(slices.Clone(in.Remaining), func(r descendants.Process) bool { return !r.InScope })
	switch {
	case m.StopsWholeScope() && len(inside) > 0:
		if !m.LeaderExited {
			m.logf(logs.LevelInfo, "%s (pid %d) has ended (%s), waiting for the rest of its %s: %s",
				m.conf.Name, m.PID, m.exit, m.scopeName(), formatDescendants(inside))
		}
		m.LeaderExited = true
		m.emit(WatchDescendants{})
	case stop.LeftoversSet && stop.Leftovers == config.LeftoversKill && len(in.Remaining) > 0:
		m.LeaderExited, m.killingLeftovers = true, true
		m.logf(logs.LevelWarn, "killing what %s has left behind: %s", m.conf.Name, formatDescendants(in.Remaining))
		m.emit(SetTimer{m.killInterval()}, SendSignal{syscall.SIGKILL, ToAll}, WatchDescendants{All: true})
	default:
		m.finishStop(now, in.Remaining)
	}
}

// finishStop is the end of a stop.
func (m *Machine) finishStop(now time.Time, left []descendants.Process) {
	level := logs.LevelInfo
	if !m.conf.Expected(m.exit.Code) {
		level = logs.LevelWarn
	}
	m.StopStep, m.LeaderExited, m.killingLeftovers = 0, false, false
	more := m.awaitStopHook(Input{Exit: m.exit})
	if !more {
		m.Reason = m.stopReason()
		m.enterState(states.Stopped)
		m.PID, m.Tries = 0, 0
	}
	m.logf(level, "stopped: %s (%s)", m.conf.Name, m.exit)
	if len(left) > 0 && m.reportsLeftovers() {
		m.Leftovers = formatDescendants(left)
		m.logf(logs.LevelWarn, "left behind by %s: %s", m.conf.Name, m.Leftovers)
	}
	if !more {
		m.startIfPending(now)
	}
}

// reportsLeftovers tells whether the configuration asks for what Supervisor
// never says.
func (m *Machine) reportsLeftovers() bool {
	stop := &m.conf.Stop
	return (stop.LeftoversSet || stop.Scope != config.ScopeDefault) && stop.Leftovers == config.LeftoversReport
}

// handleDescendantsExited is the end of the last of those who were waited for.
func handleDescendantsExited(m *Machine, now time.Time, in Input) {
	if m.LeaderExited {
		m.awaitDescendants(now, in)
	}
}

// killRemaining has those killed who have outlived a child that ended by itself, if
// they are of its scope: the next one would find them holding what it needs. It
// returns how long that may take.
func (m *Machine) killRemaining(in Input) time.Duration {
	inside := slices.DeleteFunc(slices.Clone(in.Remaining), func(r descendants.Process) bool { return !r.InScope })
	if len(inside) == 0 || !m.StopsWholeScope() {
		return 0
	}
	m.logf(logs.LevelWarn, "killing what is left of the %s of %s: %s", m.scopeName(), m.conf.Name, formatDescendants(inside))
	m.emit(SendSignal{syscall.SIGKILL, ToScope})
	return leftoverKillWait
}

// maxListed is how many relatives are named.
const maxListed = 20

// formatDescendants words relatives: pid 123 (sleep 100), pid 124 (cat).
func formatDescendants(all []descendants.Process) string {
	var words []string
	for i, r := range all {
		if i == maxListed {
			words = append(words, fmt.Sprintf("%d more", len(all)-maxListed))
			break
		}
		words = append(words, fmt.Sprintf("pid %d (%s)", r.PID, r.Command))
	}
	return strings.Join(words, ", ")
}
