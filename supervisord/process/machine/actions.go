package machine

import (
	"fmt"
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/signals"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/spawn"
)

// minInterval is the least time between two births of a process that ends at once,
// and between two SIGKILLs to one that does not end. Supervisor's loop, which
// looks at most once a second, keeps the same pace.
const minInterval = time.Second

// startChild makes an attempt at a child.
func startChild(m *Machine, now time.Time, in Input) {
	if m.noStarts {
		m.emit(Refuse{Code: faults.ShutdownState})
		return
	}
	m.Reason = m.startReason(in)
	m.WaitingFor, m.StartCancelled = "", false
	m.StartPending, m.StartPendingBy, m.inBatch, m.lostDaemon = false, "", false, false
	m.Started, m.SpawnErr, m.ExitStatus, m.ShellStatus, m.Leftovers = now, "", 0, 0, ""
	m.ProbeResults = ProbeResults{}
	m.enterState(states.Starting)
	m.beginSpawn()
}

// startInBatch is begin for a process that has never been started, or has been
// waiting for its start. With
// startsecs of 0 it is RUNNING only when all of the round have been born, so
// that the log tells of a start-up as Supervisor's does: births, then successes.
func startInBatch(m *Machine, now time.Time, in Input) {
	isNew := m.State == states.Stopped && m.Started.IsZero() && !m.StartCancelled
	if !isNew && m.WaitingFor == "" {
		return
	}
	startChild(m, now, in)
	m.inBatch = true
}

func handleSpawned(m *Machine, now time.Time, in Input) {
	if m.digestConfig != m.conf {
		m.digest, m.digestConfig = m.conf.Digest(), m.conf
	}
	m.PID, m.lastPID, m.Digest, m.Outdated, m.fdShortages = in.PID, in.PID, m.digest, false, 0
	m.logf(logs.LevelInfo, "spawned: '%s' with pid %d", m.conf.Name, m.PID)
	switch {
	case m.awaitsReady():
		m.startReadyTimer(now)
	case m.conf.StartSecs > 0:
		m.emit(SetTimer{seconds(m.conf.StartSecs)})
	case !m.inBatch:
		enterRunning(m, now, in)
	}
}

func finishBatch(m *Machine, now time.Time, in Input) {
	if m.inBatch && m.PID == 0 {
		m.inBatch = false // it is not born yet, so born will do that
	}
	if m.inBatch && m.conf.StartSecs <= 0 && !m.awaitsReady() {
		enterRunning(m, now, in)
	}
}

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

// maxFDRetrySecs is the longest time between two attempts while descriptors are wanting,
// in seconds.
const maxFDRetrySecs = 5

// waitForFDs tries again until the daemon has descriptors for the child. No
// limit of attempts counts these: nothing is wrong with the program. The first one
// is told in the log.
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

// enterRunning takes the process for well started.
func enterRunning(m *Machine, _ time.Time, _ Input) {
	m.Tries = 0
	m.enterState(states.Running)
	andReady := ""
	if m.Ready {
		andReady = " and is ready"
	}
	m.logf(logs.LevelInfo, "success: %s entered RUNNING state, process has stayed up for > than %d seconds (startsecs)%s",
		m.conf.Name, m.conf.StartSecs, andReady)
	m.runHook(PostStart)
}

// handleEarlyExit is an end while STARTING. It may have overtaken the timer: then
// the child had lived long enough, and the world is told that it ran.
func handleEarlyExit(m *Machine, now time.Time, in Input) {
	if now.Sub(m.Started) >= seconds(m.conf.StartSecs) && !m.awaitsReady() {
		m.Tries = 0
		m.enterState(states.Running)
		handleExit(m, now, in)
		return
	}
	m.Ended, m.ShellStatus = now, shellStatus(in.Exit)
	m.SpawnErr, m.lastOutcome = m.earlyExitReason(now, in.Exit)
	m.backOff()
	m.logf(logs.LevelWarn, "exited: %s (%s; not expected)", m.conf.Name, in.Exit)
	m.killRemaining(in)
	m.PID = 0
	m.reportDaemonised(in.Exit)
	m.runPostStop(in)
	m.retryOrGiveUp(now, in)
}

// reportDaemonised says once that the program seems to be one that goes into the
// background: it ended well before it could count as started, while a process
// that it started lives on. Nothing else would tell its user why it fails.
func (m *Machine) reportDaemonised(e spawn.Exit) {
	if e.Heir == 0 || m.daemonisedReported {
		return
	}
	m.daemonisedReported = true
	m.logf(logs.LevelWarn, "%s seems to go into the background: it ended at once with status 0, but its process %d lives on; "+
		"have its command stay in the foreground", m.conf.Name, e.Heir)
}

func (m *Machine) backOff() {
	m.Tries++
	m.enterState(states.Backoff)
}

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

// handleExit is an end that nobody asked for.
func handleExit(m *Machine, now time.Time, in Input) {
	m.Ended, m.ExitStatus, m.ShellStatus, m.Tries = now, in.Exit.Code, shellStatus(in.Exit), 0
	expected := m.conf.Expected(in.Exit.Code) && !m.lostDaemon
	level, word := logs.LevelInfo, "expected"
	if !expected {
		level, word = logs.LevelWarn, "not expected"
		m.SpawnErr = "Bad exit code " + in.Exit.CodeText()
	}
	m.lastOutcome = in.Exit.String() + " was " + word
	if m.lostDaemon {
		m.lastOutcome = in.Exit.String() + " after its daemon was gone"
	}
	m.enterStateExpected(states.Exited, expected)
	m.logf(level, "exited: %s (%s; %s)", m.conf.Name, in.Exit, word)
	minWait := m.killRemaining(in)
	m.PID = 0
	m.runPostStop(in)
	m.restartIfWanted(now, in, expected, minWait)
}

// restartIfWanted is autorestart: at once, but not sooner than a breath after
// the last birth, nor than the time least.
func (m *Machine) restartIfWanted(now time.Time, in Input, expected bool, minWait time.Duration) {
	wanted := m.conf.Autorestart == config.RestartAlways ||
		m.conf.Autorestart == config.RestartUnexpected && !expected
	if !wanted {
		m.Reason = m.lastOutcome + "; autorestart is " + autorestartValue(m.conf.Autorestart)
		return
	}
	m.resetDelayIfStable(now)
	wait, ok := m.planRestart(now, in, minInterval-now.Sub(m.Started))
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

// scheduleStart has the timer bring the next attempt.
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

// giveUpRetry is abandon at the daemon's own end.
func giveUpRetry(m *Machine, _ time.Time, in Input) {
	m.Reason = "given up by " + requester(in) + " before its next attempt"
	m.Tries = 0
	m.enterState(states.Fatal)
}

// startAfterStop grants a start request once the process has stopped, unless
// births are forbidden then.
func startAfterStop(m *Machine, _ time.Time, in Input) {
	m.StartPending, m.StartPendingBy = true, in.By
}

// handleSignalFailure gives up what the kernel does not let us have. Nothing is started while its
// child may live on, so a start that was to follow is called off.
func handleSignalFailure(m *Machine, _ time.Time, in Input) {
	m.logf(logs.LevelCritical, "%s", in.Text)
	m.Reason = "a signal could not be sent: " + in.Text
	if m.WaitingFor != "" {
		m.Reason += "; its start, which waited for " + m.WaitingFor + ", was called off"
	}
	m.WaitingFor, m.StartPending, m.StartPendingBy = "", false, ""
	m.enterState(states.Unknown)
	m.emit(Refuse{Code: faults.Failed})
}

func forwardSignal(m *Machine, _ time.Time, in Input) {
	if m.refuseWithoutChild() {
		return
	}
	m.logf(logs.LevelDebug, "sending %s (pid %d) sig %s", m.conf.Name, m.PID, signals.Name(in.Signal))
	m.emit(SendSignal{Signal: in.Signal})
}

// deferStart takes note of what a start waits for. Whoever looks at the process sees
// it, and a later daemon waits on. An automatic restart that was due waits too.
// With nothing to wait for the start is called off.
func deferStart(m *Machine, _ time.Time, in Input) {
	if in.Update && m.WaitingFor == "" { // it has been called off
		return
	}
	if m.State != states.Stopping {
		switch {
		case in.Text != "":
			m.Reason = "waiting for " + in.Text
		case m.WaitingFor != "":
			m.Reason = "its start, which waited for " + m.WaitingFor + ", was called off"
		}
	}
	m.WaitingFor, m.StartCancelled = in.Text, false
	if m.StartDue {
		m.StartDue = false
		m.emit(StopTimer{})
	}
}

// cancelStart is a stop request to a process that waits for its start: it is not
// started. Any other that does not run can't be stopped.
func cancelStart(m *Machine, now time.Time, in Input) {
	m.cancelPostStop(in)
	if m.WaitingFor == "" {
		if m.State == states.Stopped {
			m.StartPending, m.StartPendingBy = false, "" // what a hold has put off is off
		}
		refuseNotRunning(m, now, in)
		return
	}
	if m.State != states.Stopping {
		m.Reason = "its start, which waited for " + m.WaitingFor + ", was called off by " + requester(in)
	}
	m.WaitingFor, m.StartCancelled = "", true
}

// failDependency gives up a process whose start has waited for too long.
func failDependency(m *Machine, _ time.Time, in Input) {
	if m.WaitingFor == "" {
		return
	}
	m.WaitingFor, m.SpawnErr = "", in.Text
	m.Reason = "given up: " + in.Text
	if m.State != states.Fatal {
		m.enterState(states.Fatal)
	}
	m.logf(logs.LevelInfo, "gave up: %s entered FATAL state, %s", m.conf.Name, in.Text)
}

// cancelRestart is a stop request before an automatic restart. In the breath that
// Supervisor takes too it is refused like any stop of what does not run, and holds
// all the same.
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

// forbidStarts sees to it that nothing is born any more. Who lives, lives on.
func forbidStarts(m *Machine, _ time.Time, _ Input) {
	m.noStarts = true
	if m.StartDue {
		m.emit(StopTimer{})
	}
}

// allowStarts takes rest back. A birth that was due comes now, and so does one that
// was promised to who asked for it while the process was stopping.
func allowStarts(m *Machine, now time.Time, _ Input) {
	m.noStarts = false
	switch {
	case m.StartDue:
		m.emit(SetTimer{0})
	case m.State == states.Stopped:
		m.startIfPending(now)
	}
}

// startIfPending starts a process that has stopped if it was to be started then.
func (m *Machine) startIfPending(now time.Time) {
	if m.StartPending {
		startOnRequest(m, now, Input{Kind: StartRequested, By: m.StartPendingBy})
	}
}

func refuseNotRunning(m *Machine, _ time.Time, _ Input) { m.emit(Refuse{Code: faults.NotRunning}) }
func refuseAlreadyStarted(m *Machine, _ time.Time, _ Input) {
	m.emit(Refuse{Code: faults.AlreadyStarted})
}

func refuseUnknown(m *Machine, _ time.Time, _ Input) {
	m.emit(Refuse{faults.Failed, " is in an unknown process state"})
}
