package machine

import (
	"fmt"
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/logs"
)

// maxFDRetrySecs is the longest time between two attempts while the daemon is out of
// descriptors.
const maxFDRetrySecs = 5

// handleSpawnFailure handles a child that could not be spawned.
func handleSpawnFailure(m *Machine, now time.Time, in Input) {
	m.SpawnErr = in.Text
	m.lastOutcome = "it could not be started: " + in.Text
	if in.FDShortage {
		m.waitForFDs()
		return
	}
	m.fdShortages = 0
	m.logf(logs.LevelInfo, "spawnerr: %s", in.Text)
	m.backOff()
	m.retryOrGiveUp(now, in)
}

// waitForFDs tries again until the daemon has descriptors for the child. startretries
// does not count these attempts: the program is not to blame. Only the first one is
// logged at a level that shows by default.
func (m *Machine) waitForFDs() {
	level := logs.LevelDebug
	if m.fdShortages == 0 {
		level = logs.LevelInfo
		m.logf(logs.LevelWarn, "not started: %s: supervisord has no descriptors left for it (see minfds); it is tried again until there are some, "+
			"and startretries does not count that", m.conf.Name)
	}
	m.logf(level, "spawnerr: %s", m.SpawnErr)
	m.fdShortages++
	m.enterState(states.Backoff)
	wait := seconds(min(m.fdShortages, maxFDRetrySecs))
	m.scheduleStart(wait)
	m.Reason = fmt.Sprintf("%s; supervisord has no descriptors left for it; next attempt in %s, not counted", m.lastOutcome, formatDuration(wait))
}

func (m *Machine) backOff() {
	m.Tries++
	m.enterState(states.Backoff)
}

// retryOrGiveUp schedules the next attempt, unless there have been startretries.
func (m *Machine) retryOrGiveUp(now time.Time, in Input) {
	if m.Tries <= m.conf.StartRetries {
		wait, ok := m.planRestart(now, in, seconds(m.Tries))
		if !ok {
			m.giveUpRestarts()
			return
		}
		m.scheduleStart(wait)
		m.Reason = fmt.Sprintf("%s; attempt %d of %d in %s%s", m.lastOutcome, m.Tries, m.conf.StartRetries, formatDuration(wait), m.describeRestarts(now))
		return
	}
	m.Reason = fmt.Sprintf("given up after %d attempts (startretries is %d): %s", m.Tries, m.conf.StartRetries, m.lastOutcome)
	m.Tries = 0
	m.enterState(states.Fatal)
	m.logf(logs.LevelInfo, "gave up: %s entered FATAL state, too many start retries too quickly", m.conf.Name)
}

// scheduleStart sets the timer for the next attempt. While starts are forbidden the
// attempt is only marked as due.
func (m *Machine) scheduleStart(after time.Duration) {
	m.StartDue = true
	if !m.noStarts {
		m.emit(SetTimer{after})
	}
}

// cancelRetry stops a process that waits for its next attempt.
func cancelRetry(m *Machine, _ time.Time, in Input) {
	m.Reason = "stopped by " + requester(in) + " before its next attempt"
	m.logf(logs.LevelDebug, "Attempted to kill %s, which is in BACKOFF state.", m.conf.Name)
	m.enterState(states.Stopped)
	m.Tries, m.fdShortages = 0, 0
	m.cancelPostStop(in)
}

// giveUpRetry is cancelRetry for a shutdown.
func giveUpRetry(m *Machine, _ time.Time, in Input) {
	m.Reason = "given up by " + requester(in) + " before its next attempt"
	m.Tries = 0
	m.enterState(states.Fatal)
}
