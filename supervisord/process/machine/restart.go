package machine

import (
	"fmt"
	"math"
	"strings"
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/logs"
)

const (
	// defaultMinUptime is how long a child must live to count as one that has lasted,
	// where restart_delay_max does not say it.
	defaultMinUptime = time.Minute
	// maxRestartDelay is what a delay without a limit grows to at most.
	maxRestartDelay = 365 * 24 * time.Hour
	// leftoverKillWait is what the kernel is given to end those whom a dead child has
	// left behind, before the next one is born and wants what they hold.
	leftoverKillWait = 200 * time.Millisecond
)

// planRestart counts a birth that nobody asks for, and tells how long it is put off.
// usual is Supervisor's delay, which holds unless the options say otherwise. It
// is not ok when there have been enough.
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

// restartDelay is what comes before the next restart after row others that did not last.
func restartDelay(r *config.RestartPolicy, inRow int) time.Duration {
	first := r.Delay
	if first == 0 {
		first = minInterval
	}
	grown := float64(first) * math.Pow(max(r.BackoffFactor, 1), float64(inRow))
	return time.Duration(min(grown, float64(min(r.Max, maxRestartDelay))))
}

// countRestart takes note of a restart and tells whether restart_limit allows it.
func (m *Machine) countRestart(now time.Time) bool {
	r := &m.conf.Restart
	if r.Limit == 0 {
		return true
	}
	recent := m.recentRestarts(now)
	if len(recent) >= r.Limit {
		return false
	}
	recent = append(recent, now)
	m.Restarts = &recent
	return true
}

// recentRestarts are the restarts within the window, oldest first, as a list of its own.
func (m *Machine) recentRestarts(now time.Time) []time.Time {
	var list []time.Time
	if m.Restarts == nil {
		return nil
	}
	for _, at := range *m.Restarts {
		if now.Sub(at) < m.conf.Restart.Window {
			list = append(list, at)
		}
	}
	return list
}

// resetDelayIfStable has the delays begin anew if the child lived long enough.
func (m *Machine) resetDelayIfStable(now time.Time) {
	long := defaultMinUptime
	if limit := m.conf.Restart.Max; limit > 0 && limit != config.Forever {
		long = limit
	}
	if now.Sub(m.Started) >= max(long, seconds(m.conf.StartSecs)) {
		m.RestartsInRow = 0
	}
}

// giveUpRestarts gives up a process that has been restarted too often.
func (m *Machine) giveUpRestarts() {
	r := &m.conf.Restart
	m.SpawnErr = fmt.Sprintf("given up: %d restarts within %s", r.Limit, config.FormatDuration(r.Window))
	m.Reason = m.SpawnErr + " (restart_limit); the last time " + m.lastOutcome
	m.Tries = 0
	m.enterState(states.Fatal)
	m.logf(logs.LevelWarn, "gave up: %s entered FATAL state, %d restarts within %s (restart_limit)",
		m.conf.Name, r.Limit, config.FormatDuration(r.Window))
	m.emit(ReportRestartLimit{m.Reason, max(m.ExitStatus, 1)})
}

// startOnRequest is begin for a start request. One that replaces an automatic
// restart counts as one.
func startOnRequest(m *Machine, now time.Time, in Input) {
	switch {
	case in.By != ByHealth:
		m.RestartsInRow = 0
	case m.noStarts || m.countRestart(now):
	default:
		if m.State != states.Fatal {
			m.lastOutcome = "it was not healthy"
			m.giveUpRestarts()
		}
		m.emit(Refuse{Code: faults.AbnormalTermination})
		return
	}
	startChild(m, now, in)
}

// resetCounters clears what has been counted. Nothing else changes: what is due stays
// due, and what has been given up stays so.
func resetCounters(m *Machine, _ time.Time, _ Input) {
	m.Tries, m.RestartsInRow, m.Restarts = 0, 0, nil
}

// describeRestarts words which restart is to come, "" where no option counts them.
func (m *Machine) describeRestarts(now time.Time) string {
	r := &m.conf.Restart
	var parts []string
	if r.HasDelay() {
		parts = append(parts, fmt.Sprintf("attempt %d", m.RestartsInRow))
	}
	if r.Limit > 0 {
		parts = append(parts, fmt.Sprintf("budget %d of %d in %s", len(m.recentRestarts(now)), r.Limit, config.FormatDuration(r.Window)))
	}
	if len(parts) == 0 {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}
