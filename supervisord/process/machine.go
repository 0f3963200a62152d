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
	State      states.Process
	PID        int       // 0 for no child
	Tries      int       // attempts in a row that failed
	Started    time.Time // of the last attempt, zero for never
	Ended      time.Time // when the last child was seen to have ended, zero for never
	ExitStatus int       // of the last child, -1 if a signal ended it
	Ending     int       // of the last child as a shell tells it: its exit status, or 128 and the signal
	SpawnErr   string    // why the last attempt failed or the last child ended badly
	Reason     string    // why it is in its state, in words for a person; set at each change of it

	Left string // whom the last stop has left behind, in words; "" for nobody that is told of

	// What restart_backoff and restart_limit go by:
	Row      int          // restarts in a row that did not last
	Restarts *[]time.Time // within the last window, oldest first; never changed, nil for none

	Hook Hook // that is under way

	Vitals

	// Digest is what the child was born with, see config.Process.Digest; "" if that
	// is not known, or there is none. Outdated tells that it is not what the process
	// was configured with when the child of an earlier daemon was adopted. No other
	// child can differ: what it was born with does not change without a restart.
	Digest   string
	Outdated bool

	// What only a later daemon need know, beside what is to come:
	Child      spawn.Child // nil for none
	Forewarned bool        // it has been sent its stop signal, which is yet to be told
	Kin        spawn.Kin   // the relatives of the child, nil if nobody wants to know
	Deadline   time.Time   // when the timer of the state goes off, zero for never
	Due        bool        // it brings a birth, or would if births weren't forbidden
	Again      bool        // a start request came while stopping
	AgainBy    string      // from whom, "" for an operator

	// Waiting is what a start waits for, in words; "" for no start that waits.
	Waiting  string
	Declined bool // a start that waited has been called off: it does not come by itself
	// While stopping:
	Step       int  // of stop_sequence that was taken last
	Leaderless bool // the child has ended, others that are to end with it have not
}

// kind is what happened to a process.
type kind int

const (
	start        kind = iota // somebody wants it to run
	autostart                // the daemon wants it to run, in a round with others
	roundOver                // all of that round have been started
	stop                     // somebody wants it to end
	deliver                  // somebody wants it to get a signal
	spawned                  // the child was born
	spawnFailed              // it was not
	exited                   // the child has ended
	timeUp                   // the timer of the state went off
	signalFailed             // the kernel refused a signal
	hooked                   // a hook is over
	hold                     // no more births until release: the daemon or the group is on its way out
	release                  // it stays after all
	abort                    // the shutdown has come to this process
	adopted                  // the child that an earlier daemon has left is ours
	missed                   // it has ended, and nobody saw it
	readied                  // ready= has succeeded
	unready                  // it has failed, which is no failure of the start yet
	extended                 // the child needs more time
	examined                 // its health has been looked at
	renewed                  // somebody wants another child in its place
	awaited                  // somebody waits for something, which is no matter of the machine
	reconfigured             // the configuration is another one
	recalled                 // an earlier daemon has left no child, but what is to come
	slain                    // somebody wants it to end at once
	deserted                 // the last of those has ended whom a dead child has left
	reset                    // somebody wants what was counted to be forgotten
	delayed                  // it is to be started, but has to wait for others
	forsaken                 // what it waits for has not come in time
	numKinds
)

type input struct {
	kind   kind
	pid    int              // of spawned
	exit   spawn.Exit       // of exited and missed
	sig    syscall.Signal   // of deliver
	text   string           // of spawnFailed and signalFailed; of hooked: why it has failed, "" if it hasn't; of unready and examined: why
	hook   Hook             // of hooked
	what   string           // of delayed: what it waits for; of forsaken: why that is over
	again  bool             // of delayed: it waits already
	short  bool             // of spawnFailed and hooked: for want of descriptors of the daemon, which is not the program's fault
	left   []spawn.Relative // of exited, missed and deserted: relatives of the child that live
	by     string           // of start and stop: who wants it, "" for an operator
	dice   float64          // from 0 to 1, at random
	cause  string           // of renewed
	after  time.Duration    // of extended
	health Verdict          // of examined
	past   *Status          // of adopted, missed and recalled: what the process was
	// Of adopted: the child is to be stopped; it has lost the daemon that it
	// talked to; that daemon has handed it over, which is nothing to talk about.
	unwanted, bereft, handed bool
	muted                    string // of adopted: why its output can't be read, "" if it can
}

// An effect is something that the machine wants done.
type effect interface{ isEffect() }

type (
	// birth asks for a child.
	birth struct{}
	// signal sends a signal, unasked-for words aside.
	signal struct {
		sig syscall.Signal
		to  reach
	}
	// watch has the process told when nobody of its scope lives any more, or of
	// all relatives that are known.
	watch struct{ all bool }
	// arm sets the timer of the state just entered.
	arm struct{ after time.Duration }
	// disarm stops it.
	disarm struct{}
	// change tells the world of a transition and stops the old state's timer.
	change events.Change
	// restore has the state be what it was before there was this daemon, of
	// which the world knows.
	restore struct{ to states.Process }
	// say writes a line to the main log.
	say struct {
		level slog.Level
		text  string
	}
	// exhausted tells whoever is beside the process that restart_limit has been
	// reached.
	exhausted struct {
		cause string
		code  int // exit status of the last child, 1 if it has none
	}
	// refuse answers the request that is being served. The fault's detail is
	// the name that the caller used, followed by why.
	refuse struct {
		code faults.Code
		why  string
	}
)

func (birth) isEffect()     {}
func (watch) isEffect()     {}
func (signal) isEffect()    {}
func (arm) isEffect()       {}
func (disarm) isEffect()    {}
func (change) isEffect()    {}
func (restore) isEffect()   {}
func (say) isEffect()       {}
func (exhausted) isEffect() {}
func (refuse) isEffect()    {}

// machine is what a process is and will do next: no I/O, no clock, no locks.
type machine struct {
	conf *config.Process
	// digest is that of the configuration digested: to make one takes as long as
	// much of a birth.
	digest   string
	digested *config.Process
	Status
	closing bool     // no births: between hold and release
	inRound bool     // started in a round that is not over
	effects []effect // what the last step wants done, in order

	// bereft tells that the child has lost the daemon that it may have talked
	// to, so that its end, whatever its status, counts as unexpected.
	bereft       bool
	heirReported bool // that it goes into the background has been said

	shortages int // births in a row that failed for want of descriptors

	last     spawn.Exit // of the last child, for PostStop
	lastPID  int        // its pid
	gone     int        // the pid of the child whose end a stop has seen, while there is more to it
	exit     spawn.Exit // of the child, while Leaderless
	sweeping bool       // whoever is left is killed, whether of the scope or not

	ending string // what the last child's end or the last failure was, in words
}

// table is the whole life of a process. An empty cell ignores the input.
//
//exhaustive:enforce
var table = map[states.Process][numKinds]func(*machine, time.Time, input){
	states.Stopped: {
		start: beginAgain, autostart: beginInRound, stop: decline, slain: decline, deliver: notRunning, delayed: wait, forsaken: forsake, hold: rest, release: unrest, reset: forget,
		adopted: takeOver, missed: mourn, recalled: recall, hooked: noted,
	},
	states.Starting: {
		start: alreadyStarted, stop: terminate, slain: slay, deliver: pass,
		spawned: born, spawnFailed: stillborn, exited: diedYoung, timeUp: ripen, roundOver: settleAtLast,
		signalFailed: lose, hold: rest, release: unrest, abort: terminate, reset: forget, hooked: prepared,
		readied: succeeded, unready: keptWaiting, extended: putOff, reconfigured: reckon,
	},
	states.Running: {
		start: alreadyStarted, stop: terminate, slain: slay, deliver: pass,
		exited: died, signalFailed: lose, hold: rest, release: unrest, abort: terminate, reset: forget, hooked: noted,
		readied: affirmed, unready: keptWaiting, examined: judged, renewed: renew,
	},
	states.Backoff: {
		start: alreadyStarted, stop: abandon, slain: abandon, deliver: notRunning,
		timeUp: begin, hold: rest, release: unrest, abort: giveUp, reset: forget, hooked: noted,
	},
	states.Stopping: {
		start: startLater, stop: stopInstead, slain: slay, deliver: pass, extended: prolong, delayed: wait,
		exited: obeyed, deserted: desert, timeUp: press, signalFailed: lose, hold: rest, release: unrest, reset: forget, hooked: freed,
	},
	states.Exited: {
		start: beginAgain, autostart: beginInRound, stop: cancelRestart, slain: cancelRestart, deliver: notRunning, delayed: wait, forsaken: forsake,
		timeUp: begin, hold: rest, release: unrest, reset: forget, hooked: noted,
	},
	states.Fatal: {
		start: beginAgain, autostart: beginInRound, stop: decline, slain: decline, deliver: notRunning, delayed: wait, forsaken: forsake,
		hold: rest, release: unrest, reset: forget, hooked: noted,
	},
	states.Unknown: {
		start: refuseUnknown, stop: notRunning, slain: notRunning, deliver: notRunning,
		exited: died, hold: rest, release: unrest, reset: forget, hooked: noted,
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

func (m *machine) do(e ...effect) { m.effects = append(m.effects, e...) }

func (m *machine) say(level slog.Level, format string, args ...any) {
	m.do(say{level, fmt.Sprintf(format, args...)})
}

// become changes the state. The event carries what the machine holds at this
// moment, so fields that it tells of are set before, the pid is cleared after.
func (m *machine) become(to states.Process) { m.becomeAs(to, false) }

func (m *machine) becomeAs(to states.Process, expected bool) {
	from := m.State
	m.State, m.Due = to, false
	if !hasChild(to) {
		m.Vitals = Vitals{} // of the one that there was
	}
	m.Late = m.Late && to == states.Starting
	m.do(change{
		Process: m.conf.Name, Group: m.conf.Group, From: from, To: to,
		Tries: m.Tries, PID: m.PID, Expected: expected,
	})
}
