package process

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

// breath is the least time between two births of a process that ends at once,
// and between two SIGKILLs to one that does not end. Supervisor's loop, which
// looks at most once a second, keeps the same pace.
const breath = time.Second

// begin makes an attempt at a child.
func begin(m *machine, now time.Time, in input) {
	if m.closing {
		m.do(refuse{code: faults.ShutdownState})
		return
	}
	m.Reason = m.whyBegun(in)
	m.Waiting, m.Declined = "", false
	m.Again, m.AgainBy, m.inRound, m.bereft = false, "", false, false
	m.Started, m.SpawnErr, m.ExitStatus, m.Ending, m.Left = now, "", 0, 0, ""
	m.Vitals = Vitals{}
	m.become(states.Starting)
	m.giveBirth()
}

// beginInRound is begin for a process that has never been started, or has been
// waiting for its start. With
// startsecs of 0 it is RUNNING only when all of the round have been born, so
// that the log tells of a start-up as Supervisor's does: births, then successes.
func beginInRound(m *machine, now time.Time, in input) {
	isNew := m.State == states.Stopped && m.Started.IsZero() && !m.Declined
	if !isNew && m.Waiting == "" {
		return
	}
	begin(m, now, in)
	m.inRound = true
}

func born(m *machine, now time.Time, in input) {
	if m.digested != m.conf {
		m.digest, m.digested = m.conf.Digest(), m.conf
	}
	m.PID, m.lastPID, m.Digest, m.Outdated, m.shortages = in.pid, in.pid, m.digest, false, 0
	m.say(logs.LevelInfo, "spawned: '%s' with pid %d", m.conf.Name, m.PID)
	switch {
	case m.awaitsReady():
		m.await(now)
	case m.conf.StartSecs > 0:
		m.do(arm{seconds(m.conf.StartSecs)})
	case !m.inRound:
		settle(m, now, in)
	}
}

func settleAtLast(m *machine, now time.Time, in input) {
	if m.inRound && m.PID == 0 {
		m.inRound = false // it is not born yet, so born will do that
	}
	if m.inRound && m.conf.StartSecs <= 0 && !m.awaitsReady() {
		settle(m, now, in)
	}
}

func stillborn(m *machine, now time.Time, in input) {
	m.SpawnErr = in.text
	m.ending = "it could not be started: " + in.text
	if in.short {
		m.awaitDescriptors()
		return
	}
	m.shortages = 0
	m.say(logs.LevelInfo, "spawnerr: %s", in.text)
	m.backOff()
	m.retryOrGiveUp(now, in)
}

// rarest is the longest time between two attempts while descriptors are wanting,
// in seconds.
const rarest = 5

// awaitDescriptors tries again until the daemon has descriptors for the child. No
// limit of attempts counts these: nothing is wrong with the program. The first one
// is told in the log.
func (m *machine) awaitDescriptors() {
	level := logs.LevelDebug
	if m.shortages == 0 {
		level = logs.LevelInfo
		m.say(logs.LevelWarn, "not started: %s: supervisord has no descriptors left for it (see minfds); it is tried again until there are some, "+
			"and startretries does not count that", m.conf.Name)
	}
	m.say(level, "spawnerr: %s", m.SpawnErr)
	m.shortages++
	m.become(states.Backoff)
	wait := seconds(min(m.shortages, rarest))
	m.expectBirth(wait)
	m.Reason = fmt.Sprintf("%s; supervisord has no descriptors left for it; next attempt in %s, not counted", m.ending, inWords(wait))
}

// settle takes the process for well started.
func settle(m *machine, _ time.Time, _ input) {
	m.Tries = 0
	m.become(states.Running)
	andReady := ""
	if m.Ready {
		andReady = " and is ready"
	}
	m.say(logs.LevelInfo, "success: %s entered RUNNING state, process has stayed up for > than %d seconds (startsecs)%s",
		m.conf.Name, m.conf.StartSecs, andReady)
	m.run(PostStart)
}

// diedYoung is an end while STARTING. It may have overtaken the timer: then
// the child had lived long enough, and the world is told that it ran.
func diedYoung(m *machine, now time.Time, in input) {
	if now.Sub(m.Started) >= seconds(m.conf.StartSecs) && !m.awaitsReady() {
		m.Tries = 0
		m.become(states.Running)
		died(m, now, in)
		return
	}
	m.Ended, m.Ending = now, shellStatus(in.exit)
	m.SpawnErr, m.ending = m.whyYoung(now, in.exit)
	m.backOff()
	m.say(logs.LevelWarn, "exited: %s (%s; not expected)", m.conf.Name, in.exit)
	m.avenge(in)
	m.PID = 0
	m.reportHeir(in.exit)
	m.mop(in)
	m.retryOrGiveUp(now, in)
}

// reportHeir says once that the program seems to be one that goes into the
// background: it ended well before it could count as started, while a process
// that it started lives on. Nothing else would tell its user why it fails.
func (m *machine) reportHeir(e spawn.Exit) {
	if e.Heir == 0 || m.heirReported {
		return
	}
	m.heirReported = true
	m.say(logs.LevelWarn, "%s seems to go into the background: it ended at once with status 0, but its process %d lives on; "+
		"have its command stay in the foreground", m.conf.Name, e.Heir)
}

func (m *machine) backOff() {
	m.Tries++
	m.become(states.Backoff)
}

func (m *machine) retryOrGiveUp(now time.Time, in input) {
	if m.Tries <= m.conf.StartRetries {
		wait, ok := m.plan(now, in, seconds(m.Tries))
		if !ok {
			m.exhaust()
			return
		}
		m.expectBirth(wait)
		m.Reason = fmt.Sprintf("%s; attempt %d of %d in %s%s", m.ending, m.Tries, m.conf.StartRetries, inWords(wait), m.restarts(now))
		return
	}
	m.Reason = fmt.Sprintf("given up after %d attempts (startretries is %d): %s", m.Tries, m.conf.StartRetries, m.ending)
	m.Tries = 0
	m.become(states.Fatal)
	m.say(logs.LevelInfo, "gave up: %s entered FATAL state, too many start retries too quickly", m.conf.Name)
}

// died is an end that nobody asked for.
func died(m *machine, now time.Time, in input) {
	m.Ended, m.ExitStatus, m.Ending, m.Tries = now, in.exit.Code, shellStatus(in.exit), 0
	expected := m.conf.Expected(in.exit.Code) && !m.bereft
	level, word := logs.LevelInfo, "expected"
	if !expected {
		level, word = logs.LevelWarn, "not expected"
		m.SpawnErr = "Bad exit code " + in.exit.CodeText()
	}
	m.ending = in.exit.String() + " was " + word
	if m.bereft {
		m.ending = in.exit.String() + " after its daemon was gone"
	}
	m.becomeAs(states.Exited, expected)
	m.say(level, "exited: %s (%s; %s)", m.conf.Name, in.exit, word)
	clearance := m.avenge(in)
	m.PID = 0
	m.mop(in)
	m.restartIfWanted(now, in, expected, clearance)
}

// restartIfWanted is autorestart: at once, but not sooner than a breath after
// the last birth, nor than the time least.
func (m *machine) restartIfWanted(now time.Time, in input, expected bool, least time.Duration) {
	wanted := m.conf.Autorestart == config.RestartAlways ||
		m.conf.Autorestart == config.RestartUnexpected && !expected
	if !wanted {
		m.Reason = m.ending + "; autorestart is " + autorestart(m.conf.Autorestart)
		return
	}
	m.hasLasted(now)
	wait, ok := m.plan(now, in, breath-now.Sub(m.Started))
	if !ok {
		m.exhaust()
		return
	}
	if wait = max(wait, least); wait > 0 || m.closing {
		m.Reason = m.ending + "; restarted in " + inWords(wait) + m.restarts(now)
		m.expectBirth(wait)
		return
	}
	begin(m, now, input{kind: timeUp})
}

// expectBirth has the timer bring the next attempt.
func (m *machine) expectBirth(after time.Duration) {
	m.Due = true
	if !m.closing {
		m.do(arm{after})
	}
}

// abandon stops a process that waits for its next attempt.
func abandon(m *machine, _ time.Time, in input) {
	m.Reason = "stopped by " + who(in) + " before its next attempt"
	m.say(logs.LevelDebug, "Attempted to kill %s, which is in BACKOFF state.", m.conf.Name)
	m.become(states.Stopped)
	m.Tries, m.shortages = 0, 0
	m.hasten(in)
}

// giveUp is abandon at the daemon's own end.
func giveUp(m *machine, _ time.Time, in input) {
	m.Reason = "given up by " + who(in) + " before its next attempt"
	m.Tries = 0
	m.become(states.Fatal)
}

// startLater grants a start request once the process has stopped, unless
// births are forbidden then.
func startLater(m *machine, _ time.Time, in input) {
	m.Again, m.AgainBy = true, in.by
}

// lose gives up what the kernel does not let us have. Nothing is started while its
// child may live on, so a start that was to follow is called off.
func lose(m *machine, _ time.Time, in input) {
	m.say(logs.LevelCritical, "%s", in.text)
	m.Reason = "a signal could not be sent: " + in.text
	if m.Waiting != "" {
		m.Reason += "; its start, which waited for " + m.Waiting + ", was called off"
	}
	m.Waiting, m.Again, m.AgainBy = "", false, ""
	m.become(states.Unknown)
	m.do(refuse{code: faults.Failed})
}

func pass(m *machine, _ time.Time, in input) {
	if m.refuseChildless() {
		return
	}
	m.say(logs.LevelDebug, "sending %s (pid %d) sig %s", m.conf.Name, m.PID, signals.Name(in.sig))
	m.do(signal{sig: in.sig})
}

// wait takes note of what a start waits for. Whoever looks at the process sees
// it, and a later daemon waits on. An automatic restart that was due waits too.
// With nothing to wait for the start is called off.
func wait(m *machine, _ time.Time, in input) {
	if in.again && m.Waiting == "" { // it has been called off
		return
	}
	if m.State != states.Stopping {
		switch {
		case in.what != "":
			m.Reason = "waiting for " + in.what
		case m.Waiting != "":
			m.Reason = "its start, which waited for " + m.Waiting + ", was called off"
		}
	}
	m.Waiting, m.Declined = in.what, false
	if m.Due {
		m.Due = false
		m.do(disarm{})
	}
}

// decline is a stop request to a process that waits for its start: it is not
// started. Any other that does not run can't be stopped.
func decline(m *machine, now time.Time, in input) {
	m.hasten(in)
	if m.Waiting == "" {
		if m.State == states.Stopped {
			m.Again, m.AgainBy = false, "" // what a hold has put off is off
		}
		notRunning(m, now, in)
		return
	}
	if m.State != states.Stopping {
		m.Reason = "its start, which waited for " + m.Waiting + ", was called off by " + who(in)
	}
	m.Waiting, m.Declined = "", true
}

// forsake gives up a process whose start has waited for too long.
func forsake(m *machine, _ time.Time, in input) {
	if m.Waiting == "" {
		return
	}
	m.Waiting, m.SpawnErr = "", in.what
	m.Reason = "given up: " + in.what
	if m.State != states.Fatal {
		m.become(states.Fatal)
	}
	m.say(logs.LevelInfo, "gave up: %s entered FATAL state, %s", m.conf.Name, in.what)
}

// cancelRestart is a stop request before an automatic restart. In the breath that
// Supervisor takes too it is refused like any stop of what does not run, and holds
// all the same.
func cancelRestart(m *machine, now time.Time, in input) {
	if m.Waiting != "" {
		decline(m, now, in)
		return
	}
	if m.Due {
		m.Reason = "ended by itself; its restart was called off by " + who(in)
	}
	m.hasten(in)
	wasToCome := m.Due && m.conf.Restart.IsPaced()
	m.Due = false
	m.do(disarm{})
	if !wasToCome {
		m.do(refuse{code: faults.NotRunning})
	}
}

// rest sees to it that nothing is born any more. Who lives, lives on.
func rest(m *machine, _ time.Time, _ input) {
	m.closing = true
	if m.Due {
		m.do(disarm{})
	}
}

// unrest takes rest back. A birth that was due comes now, and so does one that
// was promised to who asked for it while the process was stopping.
func unrest(m *machine, now time.Time, _ input) {
	m.closing = false
	switch {
	case m.Due:
		m.do(arm{0})
	case m.State == states.Stopped:
		m.keepPromise(now)
	}
}

// keepPromise starts a process that has stopped if it was to be started then.
func (m *machine) keepPromise(now time.Time) {
	if m.Again {
		beginAgain(m, now, input{kind: start, by: m.AgainBy})
	}
}

func notRunning(m *machine, _ time.Time, _ input)     { m.do(refuse{code: faults.NotRunning}) }
func alreadyStarted(m *machine, _ time.Time, _ input) { m.do(refuse{code: faults.AlreadyStarted}) }

func refuseUnknown(m *machine, _ time.Time, _ input) {
	m.do(refuse{faults.Failed, " is in an unknown process state"})
}

// shellStatus is an end as a shell tells it in one number. Of an end that nobody
// has seen there is only to say that it was one.
func shellStatus(e spawn.Exit) int {
	switch {
	case e.Code >= 0:
		return e.Code
	case e.Signal > 0:
		return 128 + int(e.Signal)
	}
	return 1
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
