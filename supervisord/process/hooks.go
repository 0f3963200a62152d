package process

import (
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/spawn"
)

// Hook is a moment in the life of a process at which a command of the user's can
// be run.
type Hook int

// The hooks. At most one of them is under way.
const (
	NoHook    Hook = iota
	PreStart       // STARTING, before there is a child: its failure is the start's
	PostStart      // RUNNING
	PreStop        // STOPPING, before the stop signal
	PostStop       // after the end of a child; neither STOPPED nor the next child comes before it is over
	numHooks
)

// String returns the name of its option.
func (h Hook) String() string {
	return [...]string{"", "pre_start", "post_start", "pre_stop", "post_stop"}[h]
}

// command is what is to be run, "" for nothing.
func (h Hook) command(c *config.Hooks) string {
	return [...]string{"", c.PreStart, c.PostStart, c.PreStop, c.PostStop}[h]
}

type (
	// hook has a hook run. It is told of by hooked.
	hook struct {
		of   Hook
		pid  int        // of the child, of PostStop the one that has ended; 0 for none
		exit spawn.Exit // of PostStop
	}
	// cut ends the hook that is under way, if there is one. hooked comes all the
	// same unless another hook is run meanwhile.
	cut struct{}
)

func (hook) isEffect() {}
func (cut) isEffect()  {}

// has tells whether there is something to do at that moment.
func (m *machine) has(h Hook) bool { return h.command(&m.conf.Hooks) != "" }

// run has a hook run, if there is one for that moment, and tells whether there is.
func (m *machine) run(h Hook) bool {
	if !m.has(h) {
		return false
	}
	m.Hook = h
	pid := m.PID
	if h == PostStop {
		pid = m.lastPID
	}
	m.do(hook{of: h, pid: pid, exit: m.last})
	return true
}

// giveBirth has a child born. First of all the hooks of the last one must be over,
// then that of this one. While births are forbidden it is put off.
func (m *machine) giveBirth() {
	switch {
	case m.Hook == PostStop, m.run(PreStart):
	default:
		m.do(birth{})
	}
}

// isOver takes note of the end of a hook, and tells whether it is the one that is
// under way. But for PreStart's a failure is only told.
func (m *machine) isOver(in input) bool {
	if m.Hook == NoHook || in.hook != m.Hook {
		return false
	}
	m.Hook = NoHook
	if in.text != "" && in.hook != PreStart {
		m.say(logs.LevelWarn, "%s: %s", m.conf.Name, in.text)
	}
	return true
}

// noted is the end of a hook that nothing waits for.
func noted(m *machine, _ time.Time, in input) { m.isOver(in) }

// prepared is the end of a hook that a birth waits for.
func prepared(m *machine, now time.Time, in input) {
	switch {
	case !m.isOver(in) || m.PID != 0:
	case m.closing:
		m.become(states.Backoff)
		m.Reason = "held before it was started"
		m.expectBirth(0)
	case in.hook == PostStop:
		m.Started = now // as below
		m.giveBirth()
	case in.text != "":
		in.kind = spawnFailed
		stillborn(m, now, in)
	default:
		m.Started = now // startsecs is the child's time
		m.do(birth{})
	}
}

// delay begins a stop with what comes before the signal. It tells whether there is
// anything: then ask comes later, or never.
func (m *machine) delay(now time.Time) bool {
	if m.PID == 0 { // and there will be none
		m.become(states.Stopping)
		switch m.Hook {
		case PreStart:
			m.do(cut{})
		case NoHook:
			m.stopped(now)
		case PostStart, PreStop, PostStop: // of the last child, which is to come to its end
		}
		return true
	}
	if m.Hook == PostStart {
		m.leaveAlone()
	}
	if !m.has(PreStop) {
		return false
	}
	if m.State != states.Stopping { // an adopted child may be
		m.become(states.Stopping)
	}
	return m.run(PreStop)
}

// leaveAlone gives up the hook that is under way.
func (m *machine) leaveAlone() {
	if m.Hook != NoHook {
		m.Hook = NoHook
		m.do(cut{})
	}
}

// freed is the end of a hook that a stop waits for.
func freed(m *machine, now time.Time, in input) {
	switch {
	case !m.isOver(in):
	case in.hook == PreStop && m.PID != 0:
		m.ask()
	case in.hook == PreStop && m.run(PostStop):
	default:
		m.stopped(now)
	}
}

// stopped is the end of a stop whose child has ended before, if there was one.
func (m *machine) stopped(now time.Time) {
	m.PID = m.gone // the event tells it
	m.Reason = m.whyStopped()
	m.become(states.Stopped)
	m.PID, m.gone, m.Tries = 0, 0, 0
	m.keepPromise(now)
}

// buried tells whether the end of a child that was to end is not all that there is
// to a stop. freed is told of the rest.
func (m *machine) buried(in input) bool {
	m.last = in.exit
	if m.Hook != PreStop && !m.has(PostStop) {
		return false
	}
	m.gone, m.PID = m.PID, 0
	m.do(disarm{})
	if m.Hook != PreStop { // who deregisters a program is to come to the end
		m.run(PostStop)
	}
	return true
}

// mop runs what is to be run after a child that has ended by itself.
func (m *machine) mop(in input) {
	m.last = in.exit
	m.leaveAlone()
	m.run(PostStop)
}

// refuseChildless answers a request that is about a child while there is none, and
// tells whether that is so.
func (m *machine) refuseChildless() bool {
	if m.PID != 0 {
		return false
	}
	m.do(refuse{code: faults.NotRunning})
	return true
}
