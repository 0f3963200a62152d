package machine

import (
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/system/boottime"
)

// handleEarlyExit handles an exit while STARTING. It may have overtaken the timer: then
// the child ran long enough, and the process becomes RUNNING before it is EXITED.
func handleEarlyExit(m *Machine, now time.Time, in Input) {
	if now.Sub(m.Started.Time) >= seconds(m.conf.StartSecs) && !m.awaitsReady() {
		m.Tries = 0
		m.enterState(states.Running)
		handleExit(m, now, in)
		return
	}
	m.Ended, m.ShellStatus = boottime.At(now), shellStatus(in.Exit)
	m.SpawnErr, m.lastOutcome = m.earlyExitReason(now, in.Exit)
	m.backOff()
	m.logf(logs.LevelWarn, "exited: %s (%s; not expected)", m.conf.Name, in.Exit)
	m.killRemaining(in)
	m.PID = 0
	m.reportDaemonised(in.Exit)
	m.runPostStop(in.Exit)
	m.retryOrGiveUp(now, in)
}

// earlyExitReason says why an exit while STARTING is a failure.
func (m *Machine) earlyExitReason(now time.Time, e spawn.Exit) (spawnErr, ending string) {
	switch {
	case m.ReadyTimedOut:
		return m.notReadyReason(), m.notReadyReason()
	case now.Sub(m.Started.Time) >= seconds(m.conf.StartSecs):
		return "Exited before it was ready (process log may have details)", e.String() + " came before it was ready"
	}
	return "Exited too quickly (process log may have details)", e.String() + " came sooner than startsecs allows"
}

// reportDaemonised warns once that the program seems to go into the background: the
// child exited with status 0 before it counted as started, and a process that it
// started is still running. Nothing else would tell the user why the start fails.
func (m *Machine) reportDaemonised(e spawn.Exit) {
	if e.DaemonisedPID == 0 || m.daemonisedReported {
		return
	}
	m.daemonisedReported = true
	m.logf(logs.LevelWarn, "%s seems to go into the background: it ended at once with status 0, but its process %d lives on; "+
		"have its command stay in the foreground", m.conf.Name, e.DaemonisedPID)
}

// handleExit handles an exit that was not requested.
func handleExit(m *Machine, now time.Time, in Input) {
	m.Ended, m.ExitStatus, m.ShellStatus, m.Tries = boottime.At(now), in.Exit.Code, shellStatus(in.Exit), 0
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
	m.runPostStop(in.Exit)
	m.restartIfWanted(now, in, expected, minWait)
}
