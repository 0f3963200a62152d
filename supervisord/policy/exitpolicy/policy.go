package exitpolicy

import (
	"fmt"
	"maps"
	"sync"
	"syscall"
	"time"

	"supervisor/supervisord/api/signals"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/process/machine"
)

// Options is what a policy needs.
type Options struct {
	// On and Status are exit_on and exit_code of [supervisord].
	On     config.ExitOn
	Status config.ExitStatus
	// Saved are the statuses that an earlier daemon handed over, by full name.
	Saved map[string]machine.Status
	// Exempt reports whether the exit of a process is to be ignored for now; nil
	// for no exemptions. It must not block.
	Exempt func(*process.Process) bool
	// ExitWith makes the daemon stop everything and exit. It must not block.
	ExitWith func(reason string, code int)
}

// Policy decides when the daemon is to end.
type Policy struct {
	Options

	mu      sync.Mutex
	known   map[*process.Process]snapshot
	purgeAt int // size of known at which removed processes are purged
}

// snapshot identifies a state of a process, so that one exit is evaluated once.
type snapshot struct {
	state          states.Process
	started, ended time.Time
}

func snapshotOf(s *machine.Status) snapshot { return snapshot{s.State, s.Started.Time, s.Ended.Time} }

func (e snapshot) equal(other snapshot) bool {
	return e.state == other.state && e.started.Equal(other.started) && e.ended.Equal(other.ended)
}

// New returns a policy that knows no process yet.
func New(o Options) *Policy {
	return &Policy{Options: o, known: make(map[*process.Process]snapshot)}
}

// Changed evaluates a process whose status has changed, and forgets one that has
// been removed.
func (y *Policy) Changed(p *process.Process) {
	if p.IsOver() {
		y.mu.Lock()
		defer y.mu.Unlock()
		delete(y.known, p)
		return
	}
	s := p.Status()
	reason, code, exits := y.evaluate(p, s)
	if exits {
		y.ExitWith(reason, code)
	}
}

func (y *Policy) evaluate(p *process.Process, s *process.Status) (reason string, code int, exits bool) {
	y.mu.Lock()
	defer y.mu.Unlock()
	before, seen := y.known[p]
	now := snapshotOf(&s.Status)
	y.known[p] = now
	if !seen {
		y.purgeRemoved()
	}
	if !exitedForGood(s) || seen && before.equal(now) {
		return "", 0, false
	}
	if saved, ok := y.Saved[p.FullName()]; ok && snapshotOf(&saved).equal(now) {
		return "", 0, false
	}
	option := y.matchedOption(p, s)
	if option == "" || y.Exempt != nil && y.Exempt(p) {
		return "", 0, false
	}
	return fmt.Sprintf("%s: %s (%s)", p.FullName(), describe(s), option), y.exitCode(p), true
}

// purgeRemoved forgets processes that were removed without a last call of Changed.
// It runs each time the number of known processes has doubled.
func (y *Policy) purgeRemoved() {
	if len(y.known) < y.purgeAt {
		return
	}
	maps.DeleteFunc(y.known, func(p *process.Process, _ snapshot) bool { return p.IsOver() })
	y.purgeAt = 2*len(y.known) + 64
}

// exitedForGood reports whether a process has ended and will not be restarted.
func exitedForGood(s *process.Status) bool {
	return s.State == states.Exited && !s.StartDue || s.State == states.Fatal
}

// failed reports whether a process that has ended has failed.
func failed(s *process.Status) bool { return s.State == states.Fatal || s.SpawnErr != "" }

// matchedOption returns the option because of which the exit of a process ends the
// daemon, "" if there is none.
func (y *Policy) matchedOption(p *process.Process, s *process.Status) string {
	if p.CurrentConfig().Exit.Essential {
		return "essential=true"
	}
	if word := exitOnWord(p.CurrentConfig().Exit.On, s); word != "" {
		return "exit_on=" + word
	}
	if word := exitOnWord(y.On, s); word != "" {
		return "exit_on=" + word + " of supervisord"
	}
	if y.On&config.OnAllExited != 0 && p.CurrentConfig().Kind != config.EventListener && y.allIdle() {
		return "exit_on=all_exited of supervisord"
	}
	return ""
}

// exitOnWord returns the word of exit_on that matches an exit, "" for none.
func exitOnWord(on config.ExitOn, s *process.Status) string {
	switch {
	case on&config.OnFatal != 0 && s.State == states.Fatal:
		return "fatal"
	case on&config.OnExit != 0 && s.State == states.Exited:
		return "exit"
	case on&config.OnFailure != 0 && failed(s):
		return "failure"
	case on&config.OnSuccess != 0 && !failed(s):
		return "success"
	}
	return ""
}

// allIdle reports whether no program runs or is about to start. Event listeners
// only serve the others and do not count.
func (y *Policy) allIdle() bool {
	for p := range y.known {
		if p.IsOver() {
			delete(y.known, p) // its group has been removed
			continue
		}
		if p.CurrentConfig().Kind != config.EventListener && !isIdle(p) {
			return false
		}
	}
	return true
}

// isIdle reports whether a process does not run and will not start by itself.
func isIdle(p *process.Process) bool {
	s := p.Status()
	willStart := s.State == states.Stopped && p.CurrentConfig().Autostart && s.Started.IsZero()
	return s.State.IsStopped() && s.State != states.Unknown && !s.StartDue && !willStart
}

// exitCode returns the exit status that exit_code asks for. trigger is the process
// because of which the daemon exits; it is also the last one that ended.
func (y *Policy) exitCode(trigger *process.Process) int {
	switch y.Status.Of {
	case config.StatusFixed:
		return y.Status.Fixed
	case config.StatusOfFirst:
		if y.On&config.OnAllExited != 0 && y.allIdle() {
			return shellExitCode(y.firstEnded(trigger, exitedForGood))
		}
	case config.StatusOfFirstFailure:
		first := y.firstEnded(trigger, func(s *process.Status) bool { return exitedForGood(s) && failed(s) })
		if !failed(first) {
			return 0
		}
		return shellExitCode(first)
	case config.StatusOfLast:
	}
	return shellExitCode(trigger.Status())
}

// firstEnded returns the status of the process that ended first among those that
// match, or the status of fallback if none does.
func (y *Policy) firstEnded(fallback *process.Process, match func(*process.Status) bool) *process.Status {
	earliest := fallback.Status()
	for p := range y.known {
		s := p.Status()
		if p.CurrentConfig().Kind == config.EventListener || !match(s) {
			continue
		}
		if !match(earliest) || s.Ended.Before(earliest.Ended.Time) {
			earliest = s
		}
	}
	return earliest
}

// shellExitCode returns the exit status that a shell would report: the process's
// own, or 128 plus the signal that killed it; at least 1 for FATAL.
func shellExitCode(s *process.Status) int {
	if s.ShellStatus == 0 && failed(s) {
		return 1
	}
	return s.ShellStatus
}

// describe returns the exit in words.
func describe(s *process.Status) string {
	switch {
	case s.State == states.Fatal:
		return "given up, " + s.SpawnErr
	case s.ExitStatus < 0 && s.ShellStatus > 128:
		return "terminated by " + signals.Name(syscall.Signal(s.ShellStatus-128))
	}
	return fmt.Sprintf("exit status %d", s.ExitStatus)
}
