package process

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"supervisor/supervisord/api/signals"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/spawn"
)

// reach is whom a signal goes to.
type reach int

const (
	toLeader reach = iota // the child
	toGroup               // its process group
	toScope               // all that stop_scope says, the child included if it lives
	toAll                 // every relative that is known
)

// terminate asks politely and gives the process stopwaitsecs to obey, or does
// the first step of stop_sequence.
func terminate(m *machine, now time.Time, in input) {
	m.Reason, m.Late = beingStopped+who(in), false
	if !m.delay(now) {
		m.ask()
	}
}

// stopsPlainly tells whether a stop is one signal to the child or its group.
func (m *machine) stopsPlainly() bool {
	return len(m.conf.Stop.Sequence) == 0 && m.conf.Stop.Scope == config.ScopeDefault && !m.has(PreStop) && m.Hook == NoHook
}

// ask sends the stop signal, or that of the first step.
func (m *machine) ask() {
	m.Step = 0
	if len(m.conf.Stop.Sequence) > 0 {
		m.takeStep()
		return
	}
	m.signalAs(m.conf.StopSignal, m.reach(m.conf.StopAsGroup), seconds(m.conf.StopWaitSecs))
}

// takeStep sends the signal of a step of stop_sequence.
func (m *machine) takeStep() {
	s := m.conf.Stop.Sequence[m.Step]
	if s.Signal == syscall.SIGKILL {
		m.kill()
		return
	}
	if m.Step > 0 {
		m.say(logs.LevelWarn, "signalling '%s' (%d) with %s, as it has not ended", m.conf.Name, m.PID, signals.Name(s.Signal))
	}
	wait := s.Wait
	if wait == 0 {
		wait = seconds(m.conf.StopWaitSecs)
	}
	m.signalAs(s.Signal, m.reach(m.conf.StopAsGroup), wait)
}

// press goes on with a process that has not obeyed in time: to the next step,
// after which SIGKILL is repeated.
func press(m *machine, _ time.Time, _ input) {
	if m.PID == 0 {
		return // it has ended; only its hook has not
	}
	if m.Step+1 < len(m.conf.Stop.Sequence) && !m.sweeping {
		m.Step++
		m.takeStep()
		return
	}
	m.kill()
}

// slay is a request not to ask at all.
func slay(m *machine, now time.Time, in input) {
	if m.State != states.Stopping {
		m.Reason, m.Late = beingStopped+who(in), false
	} else if m.Again && m.AgainBy != "" { // this prevails, as a stop would
		m.Again, m.AgainBy = false, ""
		m.Reason = beingStopped + who(in)
	}
	switch {
	case m.PID != 0:
	case m.State == states.Stopping:
		m.do(cut{}) // there is nothing but a hook
		return
	default:
		m.delay(now)
		return
	}
	m.Step = len(m.conf.Stop.Sequence) // there is nothing after SIGKILL
	m.kill()
}

// hasten does not wait for a post_stop either if the process is to end at once.
func (m *machine) hasten(in input) {
	if in.kind == slain && m.Hook == PostStop {
		m.do(cut{})
	}
}

// kill does not ask. It comes again every stopwaitsecs: a process may be in
// the kernel, unable to die just now. A stopwaitsecs of 0 leaves no time for
// the first signal, but does not make the kernel any faster.
func (m *machine) kill() {
	m.leaveAlone()
	m.say(logs.LevelWarn, "killing '%s' (%d) with SIGKILL", m.conf.Name, m.PID)
	m.signalAs(syscall.SIGKILL, m.reach(m.conf.KillAsGroup), m.pace())
}

// pace is the time between two SIGKILLs.
func (m *machine) pace() time.Duration {
	wait := seconds(m.conf.StopWaitSecs)
	if seq := m.conf.Stop.Sequence; len(seq) > 0 {
		if last := seq[len(seq)-1]; last.Signal == syscall.SIGKILL && last.Wait > 0 {
			wait = last.Wait
		}
	}
	return max(wait, breath)
}

// reach tells whom a signal that is to end the process goes to. Without
// stop_scope that is what stopasgroup or killasgroup say.
func (m *machine) reach(asGroup bool) reach {
	switch {
	case m.sweeping:
		return toAll
	case m.isWide(), m.Leaderless:
		return toScope
	case asGroup && m.conf.Stop.Scope == config.ScopeDefault:
		return toGroup
	}
	return toLeader
}

// isWide tells whether a process counts as stopped only when others than its
// child have ended too.
func (m *machine) isWide() bool { return m.conf.Stop.Scope >= config.ScopeGroup }

// scope words stop_scope.
func (m *machine) scope() string {
	switch m.conf.Stop.Scope {
	case config.ScopeTree:
		return "process tree"
	case config.ScopeCgroup:
		return "control group"
	case config.ScopeDefault, config.ScopeLeader, config.ScopeGroup:
	}
	return "process group"
}

// signalAs sends a signal that is to end the process, and gives it time to.
func (m *machine) signalAs(sig syscall.Signal, to reach, patience time.Duration) {
	whom := ""
	switch to {
	case toGroup:
		whom = "process group "
	case toScope:
		whom = m.scope() + " "
	case toLeader, toAll:
	}
	m.say(logs.LevelDebug, "killing %s (pid %d) %swith signal %s", m.conf.Name, m.PID, whom, signals.Name(sig))
	if m.State != states.Stopping && !m.Late {
		m.become(states.Stopping)
	}
	m.do(arm{patience}, signal{sig, to})
}

// obeyed is an end that was asked for.
func obeyed(m *machine, now time.Time, in input) {
	if !m.Leaderless { // or this is the first that a new daemon hears of it
		m.Ended, m.ExitStatus, m.Ending = now, in.exit.Code, shellStatus(in.exit)
	}
	m.exit = in.exit
	m.clear(now, in)
}

// clear makes sure that nobody is left who was to end with the child, in what is
// left of the time that it was given; then it is stopped.
func (m *machine) clear(now time.Time, in input) {
	stop := &m.conf.Stop
	inside := slices.DeleteFunc(slices.Clone(in.left), func(r spawn.Relative) bool { return !r.Inside })
	switch {
	case m.isWide() && len(inside) > 0:
		if !m.Leaderless {
			m.say(logs.LevelInfo, "%s (pid %d) has ended (%s), waiting for the rest of its %s: %s",
				m.conf.Name, m.PID, m.exit, m.scope(), list(inside))
		}
		m.Leaderless = true
		m.do(watch{})
	case stop.LeftoversSet && stop.Leftovers == config.LeftoversKill && len(in.left) > 0:
		m.Leaderless, m.sweeping = true, true
		m.say(logs.LevelWarn, "killing what %s has left behind: %s", m.conf.Name, list(in.left))
		m.do(arm{m.pace()}, signal{syscall.SIGKILL, toAll}, watch{all: true})
	default:
		m.finish(now, in.left)
	}
}

// finish is the end of a stop.
func (m *machine) finish(now time.Time, left []spawn.Relative) {
	level := logs.LevelInfo
	if !m.conf.Expected(m.exit.Code) {
		level = logs.LevelWarn
	}
	m.Step, m.Leaderless, m.sweeping = 0, false, false
	more := m.buried(input{exit: m.exit})
	if !more {
		m.Reason = m.whyStopped()
		m.become(states.Stopped)
		m.PID, m.Tries = 0, 0
	}
	m.say(level, "stopped: %s (%s)", m.conf.Name, m.exit)
	if len(left) > 0 && m.reportsLeftovers() {
		m.Left = list(left)
		m.say(logs.LevelWarn, "left behind by %s: %s", m.conf.Name, m.Left)
	}
	if !more {
		m.keepPromise(now)
	}
}

// reportsLeftovers tells whether the configuration asks for what Supervisor
// never says.
func (m *machine) reportsLeftovers() bool {
	stop := &m.conf.Stop
	return (stop.LeftoversSet || stop.Scope != config.ScopeDefault) && stop.Leftovers == config.LeftoversReport
}

// desert is the end of the last of those who were waited for.
func desert(m *machine, now time.Time, in input) {
	if m.Leaderless {
		m.clear(now, in)
	}
}

// avenge has those killed who have outlived a child that ended by itself, if
// they are of its scope: the next one would find them holding what it needs. It
// returns how long that may take.
func (m *machine) avenge(in input) time.Duration {
	inside := slices.DeleteFunc(slices.Clone(in.left), func(r spawn.Relative) bool { return !r.Inside })
	if len(inside) == 0 || !m.isWide() {
		return 0
	}
	m.say(logs.LevelWarn, "killing what is left of the %s of %s: %s", m.scope(), m.conf.Name, list(inside))
	m.do(signal{syscall.SIGKILL, toScope})
	return clearance
}

// most is how many relatives are named.
const most = 20

// list words relatives: pid 123 (sleep 100), pid 124 (cat).
func list(all []spawn.Relative) string {
	var words []string
	for i, r := range all {
		if i == most {
			words = append(words, fmt.Sprintf("%d more", len(all)-most))
			break
		}
		words = append(words, fmt.Sprintf("pid %d (%s)", r.PID, r.Command))
	}
	return strings.Join(words, ", ")
}
