package process

import (
	"fmt"
	"log/slog"
	"syscall"
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/events"
	"supervisor/supervisord/spawn"
)

// Status is what there is to know of a process at one moment.
type Status struct {
	State       states.Process
	PID         int       // 0 for no child
	Tries       int       // attempts in a row that failed
	Started     time.Time // of the last attempt, zero for never
	Ended       time.Time // when the last child was seen to have ended, zero for never
	ExitStatus  int       // of the last child, -1 if a signal ended it
	ShellStatus int       // of the last child as a shell tells it: its exit status, or 128 and the signal
	SpawnErr    string    // why the last attempt failed or the last child ended badly
	Reason      string    // why it is in its state, in words for a person; set at each change of it

	Leftovers string // whom the last stop has left behind, in words; "" for nobody that is told of

	// What restart_backoff and restart_limit go by:
	RestartsInRow int          // restarts in a row that did not last
	Restarts      *[]time.Time // within the last window, oldest first; never changed, nil for none

	Hook Hook // that is under way

	ProbeResults

	// Digest is what the child was born with, see config.Process.Digest; "" if that
	// is not known, or there is none. Outdated tells that it is not what the process
	// was configured with when the child of an earlier daemon was adopted. No other
	// child can differ: what it was born with does not change without a restart.
	Digest   string
	Outdated bool

	// What only a later daemon need know, beside what is to come:
	Child          spawn.Child       // nil for none
	SignaledEarly  bool              // it has been sent its stop signal, which is yet to be told
	ProcessTree    spawn.ProcessTree // the relatives of the child, nil if nobody wants to know
	Deadline       time.Time         // when the timer of the state goes off, zero for never
	StartDue       bool              // it brings a birth, or would if births weren't forbidden
	StartPending   bool              // a start request came while stopping
	StartPendingBy string            // from whom, "" for an operator

	// Waiting is what a start waits for, in words; "" for no start that waits.
	WaitingFor     string
	StartCancelled bool // a start that waited has been called off: it does not come by itself
	// While stopping:
	Step         int  // of stop_sequence that was taken last
	LeaderExited bool // the child has ended, others that are to end with it have not
}

// kind is what happened to a process.
type kind int

const (
	startRequested     kind = iota // somebody wants it to run
	autostartRequested             // the daemon wants it to run, in a round with others
	batchStarted                   // all of that round have been started
	stopRequested                  // somebody wants it to end
	signalRequested                // somebody wants it to get a signal
	childSpawned                   // the child was born
	spawnFailed                    // it was not
	childExited                    // the child has ended
	timerFired                     // the timer of the state went off
	signalFailed                   // the kernel refused a signal
	hookFinished                   // a hook is over
	startsForbidden                // no more births until release: the daemon or the group is on its way out
	startsAllowed                  // it stays after all
	shutdownRequested              // the shutdown has come to this process
	childAdopted                   // the child that an earlier daemon has left is ours
	exitMissed                     // it has ended, and nobody saw it
	becameReady                    // ready= has succeeded
	readyProbeFailed               // it has failed, which is no failure of the start yet
	timeoutExtended                // the child needs more time
	healthReported                 // its health has been looked at
	replaceRequested               // somebody wants another child in its place
	statusAwaited                  // somebody waits for something, which is no matter of the machine
	reconfigured                   // the configuration is another one
	stateRestored                  // an earlier daemon has left no child, but what is to come
	killRequested                  // somebody wants it to end at once
	descendantsExited              // the last of those has ended whom a dead child has left
	resetRequested                 // somebody wants what was counted to be forgotten
	startDeferred                  // it is to be started, but has to wait for others
	dependencyFailed               // what it waits for has not come in time
	numKinds
)

type input struct {
	kind       kind
	pid        int                // of spawned
	exit       spawn.Exit         // of exited and missed
	sig        syscall.Signal     // of deliver
	text       string             // of spawnFailed and signalFailed; of hooked: why it has failed, "" if it hasn't; of unready and examined: why
	hook       Hook               // of hooked
	what       string             // of delayed: what it waits for; of forsaken: why that is over
	update     bool               // of delayed: it waits already
	fdShortage bool               // of spawnFailed and hooked: for want of descriptors of the daemon, which is not the program's fault
	remaining  []spawn.Descendant // of exited, missed and deserted: relatives of the child that live
	by         string             // of start and stop: who wants it, "" for an operator
	random     float64            // from 0 to 1, at random
	reason     string             // of renewed
	extension  time.Duration      // of extended
	health     HealthStatus       // of examined
	saved      *Status            // of adopted, missed and recalled: what the process was
	// Of adopted: the child is to be stopped; it has lost the daemon that it
	// talked to; that daemon has handed it over, which is nothing to talk about.
	unwanted, lostDaemon, handedOver bool
	outputErr                        string // of adopted: why its output can't be read, "" if it can
}

// An effect is something that the machine wants done.
type effect interface{ isEffect() }

type (
	// spawnChild asks for a child.
	spawnChild struct{}
	// sendSignal sends a signal, unasked-for words aside.
	sendSignal struct {
		sig syscall.Signal
		to  signalTarget
	}
	// watchDescendants has the process told when nobody of its scope lives any more, or of
	// all relatives that are known.
	watchDescendants struct{ all bool }
	// setTimer sets the timer of the state just entered.
	setTimer struct{ after time.Duration }
	// stopTimer stops it.
	stopTimer struct{}
	// publishChange tells the world of a transition and stops the old state's timer.
	publishChange events.Change
	// restoreState has the state be what it was before there was this daemon, of
	// which the world knows.
	restoreState struct{ to states.Process }
	// logLine writes a line to the main log.
	logLine struct {
		level slog.Level
		text  string
	}
	// reportRestartLimit tells whoever is beside the process that restart_limit has been
	// reached.
	reportRestartLimit struct {
		reason string
		code   int // exit status of the last child, 1 if it has none
	}
	// refuse answers the request that is being served. The fault's detail is
	// the name that the caller used, followed by why.
	refuse struct {
		code faults.Code
		why  string
	}
)

func (spawnChild) isEffect()         {}
func (watchDescendants) isEffect()   {}
func (sendSignal) isEffect()         {}
func (setTimer) isEffect()           {}
func (stopTimer) isEffect()          {}
func (publishChange) isEffect()      {}
func (restoreState) isEffect()       {}
func (logLine) isEffect()            {}
func (reportRestartLimit) isEffect() {}
func (refuse) isEffect()             {}

// machine is what a process is and will do next: no I/O, no clock, no locks.
type machine struct {
	conf *config.Process
	// digest is that of the configuration digested: to make one takes as long as
	// much of a birth.
	digest       string
	digestConfig *config.Process
	Status
	noStarts bool     // no births: between hold and release
	inBatch  bool     // started in a round that is not over
	effects  []effect // what the last step wants done, in order

	// bereft tells that the child has lost the daemon that it may have talked
	// to, so that its end, whatever its status, counts as unexpected.
	lostDaemon         bool
	daemonisedReported bool // that it goes into the background has been said

	fdShortages int // births in a row that failed for want of descriptors

	lastExit         spawn.Exit // of the last child, for PostStop
	lastPID          int        // its pid
	exitedPID        int        // the pid of the child whose end a stop has seen, while there is more to it
	exit             spawn.Exit // of the child, while Leaderless
	killingLeftovers bool       // whoever is left is killed, whether of the scope or not

	lastOutcome string // what the last child's end or the last failure was, in words
}

// table is the whole life of a process. An empty cell ignores the input.
//
//exhaustive:enforce
var table = map[states.Process][numKinds]func(*machine, time.Time, input){
	states.Stopped: {
		startRequested: startOnRequest, autostartRequested: startInBatch, stopRequested: cancelStart, killRequested: cancelStart, signalRequested: refuseNotRunning, startDeferred: deferStart, dependencyFailed: failDependency, startsForbidden: forbidStarts, startsAllowed: allowStarts, resetRequested: resetCounters,
		childAdopted: resumeAdopted, exitMissed: handleMissedExit, stateRestored: restoreWithoutChild, hookFinished: noteHookFinished,
	},
	states.Starting: {
		startRequested: refuseAlreadyStarted, stopRequested: terminate, killRequested: killChild, signalRequested: forwardSignal,
		childSpawned: handleSpawned, spawnFailed: handleSpawnFailure, childExited: handleEarlyExit, timerFired: handleStartTimer, batchStarted: finishBatch,
		signalFailed: handleSignalFailure, startsForbidden: forbidStarts, startsAllowed: allowStarts, shutdownRequested: terminate, resetRequested: resetCounters, hookFinished: continueStart,
		becameReady: handleReady, readyProbeFailed: noteNotReady, timeoutExtended: extendStart, reconfigured: reconfigureStart,
	},
	states.Running: {
		startRequested: refuseAlreadyStarted, stopRequested: terminate, killRequested: killChild, signalRequested: forwardSignal,
		childExited: handleExit, signalFailed: handleSignalFailure, startsForbidden: forbidStarts, startsAllowed: allowStarts, shutdownRequested: terminate, resetRequested: resetCounters, hookFinished: noteHookFinished,
		becameReady: noteReady, readyProbeFailed: noteNotReady, healthReported: setHealth, replaceRequested: replaceChild,
	},
	states.Backoff: {
		startRequested: refuseAlreadyStarted, stopRequested: cancelRetry, killRequested: cancelRetry, signalRequested: refuseNotRunning,
		timerFired: startChild, startsForbidden: forbidStarts, startsAllowed: allowStarts, shutdownRequested: giveUpRetry, resetRequested: resetCounters, hookFinished: noteHookFinished,
	},
	states.Stopping: {
		startRequested: startAfterStop, stopRequested: stopWhileStopping, killRequested: killChild, signalRequested: forwardSignal, timeoutExtended: extendStop, startDeferred: deferStart,
		childExited: handleStopExit, descendantsExited: handleDescendantsExited, timerFired: escalateStop, signalFailed: handleSignalFailure, startsForbidden: forbidStarts, startsAllowed: allowStarts, resetRequested: resetCounters, hookFinished: continueStop,
	},
	states.Exited: {
		startRequested: startOnRequest, autostartRequested: startInBatch, stopRequested: cancelRestart, killRequested: cancelRestart, signalRequested: refuseNotRunning, startDeferred: deferStart, dependencyFailed: failDependency,
		timerFired: startChild, startsForbidden: forbidStarts, startsAllowed: allowStarts, resetRequested: resetCounters, hookFinished: noteHookFinished,
	},
	states.Fatal: {
		startRequested: startOnRequest, autostartRequested: startInBatch, stopRequested: cancelStart, killRequested: cancelStart, signalRequested: refuseNotRunning, startDeferred: deferStart, dependencyFailed: failDependency,
		startsForbidden: forbidStarts, startsAllowed: allowStarts, resetRequested: resetCounters, hookFinished: noteHookFinished,
	},
	states.Unknown: {
		startRequested: refuseUnknown, stopRequested: refuseNotRunning, killRequested: refuseNotRunning, signalRequested: refuseNotRunning,
		childExited: handleExit, startsForbidden: forbidStarts, startsAllowed: allowStarts, resetRequested: resetCounters, hookFinished: noteHookFinished,
	},
}

// step tells the machine what happened and returns what must be done about it.
func (m *machine) step(now time.Time, in input) []effect {
	m.effects = nil
	if act := table[m.State][in.kind]; act != nil {
		act(m, now, in)
	}
	return m.effects
}

func (m *machine) emit(e ...effect) { m.effects = append(m.effects, e...) }

func (m *machine) logf(level slog.Level, format string, args ...any) {
	m.emit(logLine{level, fmt.Sprintf(format, args...)})
}

// enterState changes the state. The event carries what the machine holds at this
// moment, so fields that it tells of are set before, the pid is cleared after.
func (m *machine) enterState(to states.Process) { m.enterStateExpected(to, false) }

func (m *machine) enterStateExpected(to states.Process, expected bool) {
	from := m.State
	m.State, m.StartDue = to, false
	if !hasChild(to) {
		m.ProbeResults = ProbeResults{} // of the one that there was
	}
	m.ReadyTimedOut = m.ReadyTimedOut && to == states.Starting
	m.emit(publishChange{
		Process: m.conf.Name, Group: m.conf.Group, From: from, To: to,
		Tries: m.Tries, PID: m.PID, Expected: expected,
	})
}
