package process

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
	"supervisor/supervisord/spawn"
)

// signalTarget is whom a signal goes to.
type signalTarget int

const (
	toLeader signalTarget = iota // the child
	toGroup                      // its process group
	toScope                      // all that stop_scope says, the child included if it lives
	toAll                        // every relative that is known
)

// terminate asks politely and gives the process stopwaitsecs to obey, or does
// the first step of stop_sequence.
func terminate(m *machine, now time.Time, in input) {
	m.Reason, m.ReadyTimedOut = beingStoppedBy+requester(in), false
	if !m.prepareStop(now) {
		m.sendStopSignal()
	}
}

// stopsPlainly tells whether a stop is one signal to the child or its group.
func (m *machine) stopsPlainly() bool {
	return len(m.conf.Stop.Sequence) == 0 && m.conf.Stop.Scope == config.ScopeDefault && !m.hasHook(PreStop) && m.Hook == NoHook
}

// sendStopSignal sends the stop signal, or that of the first step.
func (m *machine) sendStopSignal() {
	m.Step = 0
	if len(m.conf.Stop.Sequence) > 0 {
		m.runStopStep()
		return
	}
	m.signalWithTimeout(m.conf.StopSignal, m.target(m.conf.StopAsGroup), seconds(m.conf.StopWaitSecs))
}

// runStopStep sends the signal of a step of stop_sequence.
func (m *machine) runStopStep() {
	s := m.conf.Stop.Sequence[m.Step]
	if s.Signal == syscall.SIGKILL {
		m.sendKill()
		return
	}
	if m.Step > 0 {
		m.logf(logs.LevelWarn, "signalling '%s' (%d) with %s, as it has not ended", m.conf.Name, m.PID, signals.Name(s.Signal))
	}
	wait := s.Wait
	if wait == 0 {
		wait = seconds(m.conf.StopWaitSecs)
	}
	m.signalWithTimeout(s.Signal, m.target(m.conf.StopAsGroup), wait)
}

// escalateStop goes on with a process that has not obeyed in time: to the next step,
// after which SIGKILL is repeated.
func escalateStop(m *machine, _ time.Time, _ input) {
	if m.PID == 0 {
		return // it has ended; only its hook has not
	}
	if m.Step+1 < len(m.conf.Stop.Sequence) && !m.killingLeftovers {
		m.Step++
		m.runStopStep()
		return
	}
	m.sendKill()
}

// killChild is a request not to ask at all.
func killChild(m *machine, now time.Time, in input) {
	if m.State != states.Stopping {
		m.Reason, m.ReadyTimedOut = beingStoppedBy+requester(in), false
	} else if m.StartPending && m.StartPendingBy != "" { // this prevails, as a stop would
		m.StartPending, m.StartPendingBy = false, ""
		m.Reason = beingStoppedBy + requester(in)
	}
	switch {
	case m.PID != 0:
	case m.State == states.Stopping:
		m.emit(cancelHook{}) // there is nothing but a hook
		return
	default:
		m.prepareStop(now)
		return
	}
	m.Step = len(m.conf.Stop.Sequence) // there is nothing after SIGKILL
	m.sendKill()
}

// cancelPostStop does not wait for a post_stop either if the process is to end at once.
func (m *machine) cancelPostStop(in input) {
	if in.kind == killRequested && m.Hook == PostStop {
		m.emit(cancelHook{})
	}
}

// sendKill does not ask. It comes again every stopwaitsecs: a process may be in
// the kernel, unable to die just now. A stopwaitsecs of 0 leaves no time for
// the first signal, but does not make the kernel any faster.
func (m *machine) sendKill() {
	m.dropHook()
	m.logf(logs.LevelWarn, "killing '%s' (%d) with SIGKILL", m.conf.Name, m.PID)
	m.signalWithTimeout(syscall.SIGKILL, m.target(m.conf.KillAsGroup), m.killInterval())
}

// killInterval is the time between two SIGKILLs.
func (m *machine) killInterval() time.Duration {
	wait := seconds(m.conf.StopWaitSecs)
	if seq := m.conf.Stop.Sequence; len(seq) > 0 {
		if last := seq[len(seq)-1]; last.Signal == syscall.SIGKILL && last.Wait > 0 {
			wait = last.Wait
		}
	}
	return max(wait, minInterval)
}

// target tells whom a signal that is to end the process goes to. Without
// stop_scope that is what stopasgroup or killasgroup say.
func (m *machine) target(asGroup bool) signalTarget {
	switch {
	case m.killingLeftovers:
		return toAll
	case m.stopsWholeScope(), m.LeaderExited:
		return toScope
	case asGroup && m.conf.Stop.Scope == config.ScopeDefault:
		return toGroup
	}
	return toLeader
}

// stopsWholeScope tells whether a process counts as stopped only when others than its
// child have ended too.
func (m *machine) stopsWholeScope() bool { return m.conf.Stop.Scope >= config.ScopeGroup }

// scopeName words stop_scope.
func (m *machine) scopeName() string {
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
func (m *machine) signalWithTimeout(sig syscall.Signal, to signalTarget, timeout time.Duration) {
	whom := ""
	switch to {
	case toGroup:
		whom = "process group "
	case toScope:
		whom = m.scopeName() + " "
	case toLeader, toAll:
	}
	m.logf(logs.LevelDebug, "killing %s (pid %d) %swith signal %s", m.conf.Name, m.PID, whom, signals.Name(sig))
	if m.State != states.Stopping && !m.ReadyTimedOut {
		m.enterState(states.Stopping)
	}
	m.emit(setTimer{timeout}, sendSignal{sig, to})
}

// handleStopExit is an end that was asked for.
func handleStopExit(m *machine, now time.Time, in input) {
	if !m.LeaderExited { // or this is the first that a new daemon hears of it
		m.Ended, m.ExitStatus, m.ShellStatus = now, in.exit.Code, shellStatus(in.exit)
	}
	m.exit = in.exit
	m.awaitDescendants(now, in)
}

// awaitDescendants makes sure that nobody is left who was to end with the child, in what is
// left of the time that it was given; then it is stopped.
func (m *machine) awaitDescendants(now time.Time, in input) {
	stop := &m.conf.Stop
	inside := slices.DeleteFunc(slices.Clone(in.remaining), func(r spawn.Descendant) bool { return !r.InScope })
	switch {
	case m.stopsWholeScope() && len(inside) > 0:
		if !m.LeaderExited {
			m.logf(logs.LevelInfo, "%s (pid %d) has ended (%s), waiting for the rest of its %s: %s",
				m.conf.Name, m.PID, m.exit, m.scopeName(), formatDescendants(inside))
		}
		m.LeaderExited = true
		m.emit(watchDescendants{})
	case stop.LeftoversSet && stop.Leftovers == config.LeftoversKill && len(in.remaining) > 0:
		m.LeaderExited, m.killingLeftovers = true, true
		m.logf(logs.LevelWarn, "killing what %s has left behind: %s", m.conf.Name, formatDescendants(in.remaining))
		m.emit(setTimer{m.killInterval()}, sendSignal{syscall.SIGKILL, toAll}, watchDescendants{all: true})
	default:
		m.finishStop(now, in.remaining)
	}
}

// finishStop is the end of a stop.
func (m *machine) finishStop(now time.Time, left []spawn.Descendant) {
	level := logs.LevelInfo
	if !m.conf.Expected(m.exit.Code) {
		level = logs.LevelWarn
	}
	m.Step, m.LeaderExited, m.killingLeftovers = 0, false, false
	more := m.awaitStopHook(input{exit: m.exit})
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
func (m *machine) reportsLeftovers() bool {
	stop := &m.conf.Stop
	return (stop.LeftoversSet || stop.Scope != config.ScopeDefault) && stop.Leftovers == config.LeftoversReport
}

// handleDescendantsExited is the end of the last of those who were waited for.
func handleDescendantsExited(m *machine, now time.Time, in input) {
	if m.LeaderExited {
		m.awaitDescendants(now, in)
	}
}

// killRemaining has those killed who have outlived a child that ended by itself, if
// they are of its scope: the next one would find them holding what it needs. It
// returns how long that may take.
func (m *machine) killRemaining(in input) time.Duration {
	inside := slices.DeleteFunc(slices.Clone(in.remaining), func(r spawn.Descendant) bool { return !r.InScope })
	if len(inside) == 0 || !m.stopsWholeScope() {
		return 0
	}
	m.logf(logs.LevelWarn, "killing what is left of the %s of %s: %s", m.scopeName(), m.conf.Name, formatDescendants(inside))
	m.emit(sendSignal{syscall.SIGKILL, toScope})
	return leftoverKillWait
}

// maxListed is how many relatives are named.
const maxListed = 20

// formatDescendants words relatives: pid 123 (sleep 100), pid 124 (cat).
func formatDescendants(all []spawn.Descendant) string {
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
