package machine

import (
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/system/boottime"
)

// startOnRequest starts the process because a caller asked for it. A start by health
// takes the place of an automatic restart, so it counts as one.
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

// startInBatch starts a process that has never been started, or whose start waits. With
// a startsecs of 0 it becomes RUNNING only when the whole batch has been spawned, so that
// the log of a start-up reads like Supervisor's: first all spawns, then all successes.
func startInBatch(m *Machine, now time.Time, in Input) {
	isNew := m.State == states.Stopped && m.Started.IsZero() && !m.StartCancelled
	if !isNew && m.WaitingFor == "" {
		return
	}
	startChild(m, now, in)
	m.inBatch = true
}

// finishBatch makes the process RUNNING if it had to wait for the end of its batch.
func finishBatch(m *Machine, now time.Time, in Input) {
	if m.inBatch && m.PID == 0 {
		m.inBatch = false // handleSpawned will do it
	}
	if m.inBatch && m.conf.StartSecs <= 0 && !m.awaitsReady() {
		enterRunning(m, now, in)
	}
}

// startAfterStop grants a start request once the process has stopped, unless starts
// are forbidden by then.
func startAfterStop(m *Machine, _ time.Time, in Input) {
	m.StartPending, m.StartPendingBy = true, in.By
}

// startIfPending starts a process that has stopped if a start was requested meanwhile.
func (m *Machine) startIfPending(now time.Time) {
	if m.StartPending {
		startOnRequest(m, now, Input{Kind: StartRequested, By: m.StartPendingBy})
	}
}

// startChild begins an attempt to start a child.
func startChild(m *Machine, now time.Time, in Input) {
	if m.noStarts {
		m.emit(Refuse{Code: faults.ShutdownState})
		return
	}
	m.Reason = m.startReason(in)
	m.WaitingFor, m.StartCancelled = "", false
	m.StartPending, m.StartPendingBy, m.inBatch, m.lostDaemon = false, "", false, false
	m.Started, m.SpawnErr, m.ExitStatus, m.ShellStatus, m.Leftovers = boottime.At(now), "", 0, 0, ""
	m.ProbeResults = ProbeResults{}
	m.enterState(states.Starting)
	m.beginSpawn()
}

// beginSpawn spawns a child, or first runs what comes before: post_stop for the last
// child must end, then pre_start runs.
func (m *Machine) beginSpawn() {
	switch {
	case m.Hook == PostStop, m.runHook(PreStart):
	default:
		m.emit(SpawnChild{})
	}
}

// continueStart handles the end of a hook that a spawn waits for.
func continueStart(m *Machine, now time.Time, in Input) {
	switch {
	case !m.finishHook(in) || m.PID != 0:
	case m.noStarts:
		m.enterState(states.Backoff)
		m.Reason = "held before it was started"
		m.scheduleStart(0)
	case in.Hook == PostStop:
		m.Started = boottime.At(now) // see below
		m.beginSpawn()
	case in.Text != "":
		in.Kind = SpawnFailed
		handleSpawnFailure(m, now, in)
	default:
		m.Started = boottime.At(now) // startsecs is about the child, not about its hooks
		m.emit(SpawnChild{})
	}
}

// handleSpawned handles a child that was spawned.
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

// handleStartTimer handles the timer of STARTING.
func handleStartTimer(m *Machine, now time.Time, in Input) {
	switch {
	case m.ReadyTimedOut:
		escalateStop(m, now, in)
	case !m.awaitsReady():
		enterRunning(m, now, in)
	case m.ReadyBy.After(now): // it was extended
		m.emit(SetTimer{m.ReadyBy.Sub(now)})
	case m.PID != 0 && m.ReadyMaybeMissed:
		m.assumeReady(now, in)
	case m.PID != 0:
		m.handleReadyTimeout()
	}
}

// enterRunning ends a start that has succeeded.
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

func refuseAlreadyStarted(m *Machine, _ time.Time, _ Input) {
	m.emit(Refuse{Code: faults.AlreadyStarted})
}

func refuseUnknown(m *Machine, _ time.Time, _ Input) {
	m.emit(Refuse{faults.Failed, " is in an unknown process state"})
}
