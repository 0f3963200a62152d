package machine

import (
	"fmt"
	"log/slog"
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/spawn"
)

// Machine is the state of one process and decides what happens next. It does no
// I/O, reads no clock and holds no lock: one goroutine owns it.
type Machine struct {
	Status

	conf *config.Process
	// digest is the digest of digestConfig. It is kept because computing it takes
	// about as long as a spawn.
	digest       string
	digestConfig *config.Process

	noStarts bool     // between StartsForbidden and StartsAllowed
	inBatch  bool     // started in a batch that is not complete yet
	effects  []Effect // of the current step, in order

	// lostDaemon reports that the child lost the daemon it may have talked to, so
	// that its exit counts as unexpected whatever its status.
	lostDaemon         bool
	daemonisedReported bool   // see reportDaemonised
	fdShortages        int    // attempts in a row that failed because the daemon had no descriptors
	lastOutcome        string // how the last child or the last attempt ended, in words

	lastExit         spawn.Exit // of the last child, for PostStop
	lastPID          int        // of the last child
	exitedPID        int        // of a child that has exited while its stop goes on
	exit             spawn.Exit // of the child that is being stopped, while its descendants end
	killingLeftovers bool       // every descendant that is left is being killed, in the scope or not
}

// New returns the machine of a process that has never been started.
func New(conf *config.Process) *Machine {
	m := &Machine{conf: conf}
	m.Reason = "not started yet"
	if !conf.Autostart {
		m.Reason = "not started: autostart is false"
	}
	return m
}

// SetConfig replaces the configuration. Step Reconfigured must follow.
func (m *Machine) SetConfig(conf *config.Process) { m.conf = conf }

// Step tells the machine what happened and returns what must be done about it, in
// order.
func (m *Machine) Step(now time.Time, in Input) []Effect {
	if act := table[m.State][in.Kind]; act != nil {
		act(m, now, in)
	}
	effects := m.effects
	m.effects = nil
	return effects
}

func (m *Machine) emit(e ...Effect) { m.effects = append(m.effects, e...) }

func (m *Machine) logf(level slog.Level, format string, args ...any) {
	m.emit(LogLine{level, fmt.Sprintf(format, args...)})
}

// enterState makes a transition. Its event carries what the machine holds at this
// moment: fields that the event shows are set before, the pid is cleared after.
func (m *Machine) enterState(to states.Process) { m.enterStateExpected(to, false) }

func (m *Machine) enterStateExpected(to states.Process, expected bool) {
	from := m.State
	m.State, m.StartDue = to, false
	if !hasChild(to) {
		m.ProbeResults = ProbeResults{} // they were about a child that is gone
	}
	m.ReadyTimedOut = m.ReadyTimedOut && to == states.Starting
	m.emit(PublishChange{
		Process: m.conf.Name, Group: m.conf.Group, From: from, To: to,
		Tries: m.Tries, PID: m.PID, Expected: expected,
	})
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }
