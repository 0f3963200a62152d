package machine

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/spawn/descendants"
	"supervisor/supervisord/system/boottime"
)

// StopTarget returns the target of a signal that is to end the process. Without
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

// StopsWholeScope reports whether the process only counts as stopped when the descendants
// within stop_scope have exited too.
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

// handleStopExit handles the exit of a child that is being stopped.
func handleStopExit(m *Machine, now time.Time, in Input) {
	if !m.LeaderExited { // else an earlier daemon has recorded the exit
		m.Ended, m.ExitStatus, m.ShellStatus = boottime.At(now), in.Exit.Code, shellStatus(in.Exit)
	}
	m.exit = in.Exit
	m.awaitDescendants(now, in)
}

// handleDescendantsExited goes on with a stop that waited for descendants.
func handleDescendantsExited(m *Machine, now time.Time, in Input) {
	if m.LeaderExited {
		m.awaitDescendants(now, in)
	}
}

// awaitDescendants finishes a stop once no descendant is left that must end with the
// child. They have what is left of its time.
func (m *Machine) awaitDescendants(now time.Time, in Input) {
	stop := &m.conf.Stop
	inside := inScope(in.Remaining)
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

// finishStop finishes a stop. remaining are the descendants that are still running.
func (m *Machine) finishStop(now time.Time, remaining []descendants.Process) {
	level := logs.LevelInfo
	if !m.conf.Expected(m.exit.Code) {
		level = logs.LevelWarn
	}
	m.StopStep, m.LeaderExited, m.killingLeftovers = 0, false, false
	hookRuns := m.awaitStopHook(m.exit)
	if !hookRuns {
		m.Reason = m.stopReason()
		m.enterState(states.Stopped)
		m.PID, m.Tries = 0, 0
	}
	m.logf(level, "stopped: %s (%s)", m.conf.Name, m.exit)
	if len(remaining) > 0 && m.reportsLeftovers() {
		m.Leftovers = formatDescendants(remaining)
		m.logf(logs.LevelWarn, "left behind by %s: %s", m.conf.Name, m.Leftovers)
	}
	if !hookRuns {
		m.startIfPending(now)
	}
}

// reportsLeftovers reports whether the configuration asks for a report of leftovers,
// which Supervisor never gives.
func (m *Machine) reportsLeftovers() bool {
	stop := &m.conf.Stop
	return (stop.LeftoversSet || stop.Scope != config.ScopeDefault) && stop.Leftovers == config.LeftoversReport
}

// killRemaining kills the descendants within stop_scope that outlived a child that exited
// by itself: they may hold what the next child needs. It returns how long that may take.
func (m *Machine) killRemaining(in Input) time.Duration {
	inside := inScope(in.Remaining)
	if len(inside) == 0 || !m.StopsWholeScope() {
		return 0
	}
	m.logf(logs.LevelWarn, "killing what is left of the %s of %s: %s", m.scopeName(), m.conf.Name, formatDescendants(inside))
	m.emit(SendSignal{syscall.SIGKILL, ToScope})
	return leftoverKillWait
}

// inScope returns the descendants within stop_scope.
func inScope(all []descendants.Process) []descendants.Process {
	return slices.DeleteFunc(slices.Clone(all), func(d descendants.Process) bool { return !d.InScope })
}

// maxListed is how many descendants are listed by name.
const maxListed = 20

// formatDescendants lists descendants: pid 123 (sleep 100), pid 124 (cat).
func formatDescendants(all []descendants.Process) string {
	var words []string
	for i, d := range all {
		if i == maxListed {
			words = append(words, fmt.Sprintf("%d more", len(all)-maxListed))
			break
		}
		words = append(words, fmt.Sprintf("pid %d (%s)", d.PID, d.Command))
	}
	return strings.Join(words, ", ")
}
