package machine

import (
	"fmt"
	"math"
	"strings"
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/system/boottime"
)

// minInterval is the least time between two spawns of a process that exits at once, and
// between two SIGKILLs. Supervisor's loop, which runs once a second, has the same pace.
const minInterval = time.Second

const (
	// defaultMinUptime is how long a child must run to end a series of restarts, where
	// restart_delay_max does not say it.
	defaultMinUptime = time.Minute
	// maxRestartDelay is the limit of a delay that has none.
	maxRestartDelay = 365 * 24 * time.Hour
	// leftoverKillWait is how long the kernel is given to end the killed descendants of
	// a child, before the next child starts and needs what they hold.
	leftoverKillWait = 200 * time.Millisecond
)

// restartIfWanted restarts the process if autorestart says so: at once, but not sooner
// than minInterval after the last spawn, nor than minWait from now.
func (m *Machine) restartIfWanted(now time.Time, in Input, expected bool, minWait time.Duration) {
	wanted := m.conf.Autorestart == config.RestartAlways ||
		m.conf.Autorestart == config.RestartUnexpected && !expected
	if !wanted {
		m.Reason = m.lastOutcome + "; autorestart is " + autorestartValue(m.conf.Autorestart)
		return
	}
	m.resetDelayIfStable(now)
	wait, ok := m.planRestart(now, in, minInterval-now.Sub(m.Started.Time))
	if !ok {
		m.giveUpRestarts()
		return
	}
	if wait = max(wait, minWait); wait > 0 || m.noStarts {
		m.Reason = m.lastOutcome + "; restarted in " + formatDuration(wait) + m.describeRestarts(now)
		m.scheduleStart(wait)
		return
	}
	startChild(m, now, Input{Kind: TimerFired})
}

// cancelRestart handles a stop request before an automatic restart, which is called off.
// Without restart_delay the request is refused all the same, as Supervisor refuses a
// stop of what does not run.
func cancelRestart(m *Machine, now time.Time, in Input) {
	if m.WaitingFor != "" {
		cancelStart(m, now, in)
		return
	}
	if m.StartDue {
		m.Reason = "ended by itself; its restart was called off by " + requester(in)
	}
	m.cancelPostStop(in)
	wasScheduled := m.StartDue && m.conf.Restart.HasDelay()
	m.StartDue = false
	m.emit(StopTimer{})
	if !wasScheduled {
		m.emit(Refuse{Code: faults.NotRunning})
	}
}

// planRestart counts an automatic start and returns how long to wait before it.
// defaultWait is Supervisor's delay, which applies unless restart_delay or
// restart_backoff are set. It is not ok if restart_limit has been reached.
func (m *Machine) planRestart(now time.Time, in Input, defaultWait time.Duration) (wait time.Duration, ok bool) {
	if !m.countRestart(now) {
		return 0, false
	}
	r := &m.conf.Restart
	wait = max(defaultWait, 0)
	if r.HasDelay() {
		wait = restartDelay(r, m.RestartsInRow)
	}
	if r.Jitter > 0 {
		wait += time.Duration(float64(wait) * r.Jitter * (2*in.Random - 1))
	}
	m.RestartsInRow++
	return wait, true
}

// restartDelay is the delay before a restart after inRow others that did not last.
func restartDelay(r *config.RestartPolicy, inRow int) time.Duration {
	first := r.Delay
	if first == 0 {
		first = minInterval
	}
	grown := float64(first) * math.Pow(max(r.BackoffFactor, 1), float64(inRow))
	return time.Duration(min(grown, float64(min(r.Max, maxRestartDelay))))
}

// countRestart counts a restart and reports whether restart_limit allows it.
func (m *Machine) countRestart(now time.Time) bool {
	r := &m.conf.Restart
	if r.Limit == 0 {
		return true
	}
	recent := m.recentRestarts(now)
	if len(recent) >= r.Limit {
		return false
	}
	recent = append(recent, boottime.At(now))
	m.Restarts = &recent
	return true
}

// recentRestarts returns the restarts within the window of restart_limit, in a slice of
// its own.
func (m *Machine) recentRestarts(now time.Time) []boottime.Time {
	var list []boottime.Time
	if m.Restarts == nil {
		return nil
	}
	for _, at := range *m.Restarts {
		if now.Sub(at.Time) < m.conf.Restart.Window {
			list = append(list, at)
		}
	}
	return list
}

// resetDelayIfStable makes the delays start over if the child ran long enough.
func (m *Machine) resetDelayIfStable(now time.Time) {
	long := defaultMinUptime
	if limit := m.conf.Restart.Max; limit > 0 && limit != option.Forever {
		long = limit
	}
	if now.Sub(m.Started.Time) >= max(long, seconds(m.conf.StartSecs)) {
		m.RestartsInRow = 0
	}
}

// giveUpRestarts gives up a process that has been restarted too often.
func (m *Machine) giveUpRestarts() {
	r := &m.conf.Restart
	m.SpawnErr = fmt.Sprintf("given up: %d restarts within %s", r.Limit, option.FormatDuration(r.Window))
	m.Reason = m.SpawnErr + " (restart_limit); the last time " + m.lastOutcome
	m.Tries = 0
	m.enterState(states.Fatal)
	m.logf(logs.LevelWarn, "gave up: %s entered FATAL state, %d restarts within %s (restart_limit)",
		m.conf.Name, r.Limit, option.FormatDuration(r.Window))
	m.emit(ReportRestartLimit{m.Reason, max(m.ExitStatus, 1)})
}

// resetCounters clears the counters. A start that is due stays due, and a process that
// was given up stays FATAL.
func resetCounters(m *Machine, _ time.Time, _ Input) {
	m.Tries, m.RestartsInRow, m.Restarts = 0, 0, nil
}

// describeRestarts words the count of restarts for a reason, "" where no option counts
// them.
func (m *Machine) describeRestarts(now time.Time) string {
	r := &m.conf.Restart
	var parts []string
	if r.HasDelay() {
		parts = append(parts, fmt.Sprintf("attempt %d", m.RestartsInRow))
	}
	if r.Limit > 0 {
		parts = append(parts, fmt.Sprintf("budget %d of %d in %s", len(m.recentRestarts(now)), r.Limit, option.FormatDuration(r.Window)))
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}
