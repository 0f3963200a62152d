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
)

// Options is what a policy needs.
type Options struct {
	// On is what [supervisord] says of all programs, Status the exit status that
	// it asks for.
	On     config.ExitOn
	Status config.ExitStatus
	// Past is what processes were when this daemon took them over, by full name.
	Saved map[string]process.Status
	// Spares tells of a process whose end is none of the daemon's for now, nil for
	// none. It must not block.
	Exempt func(*process.Process) bool
	// GiveUp ends the daemon. It must not block.
	ExitWith func(reason string, code int)
}

// Policy decides when the daemon is to end.
type Policy struct {
	Options

	mu      sync.Mutex
	known   map[*process.Process]snapshot
	purgeAt int // how many of them there may be until those that are over are forgotten
}

// snapshot is the last end of a process that was looked at, or where it was when it
// was looked at otherwise.
type snapshot struct {
	state          states.Process
	started, ended time.Time
}

func snapshotOf(s *process.Status) snapshot { return snapshot{s.State, s.Started, s.Ended} }

func (e snapshot) equal(other snapshot) bool {
	return e.state == other.state && e.started.Equal(other.started) && e.ended.Equal(other.ended)
}

// New returns a policy that knows of no process yet.
func New(o Options) *Policy {
	return &Policy{Options: o, known: make(map[*process.Process]snapshot)}
}

// Changed looks at a process whose status has changed, and forgets one that has
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
	now := snapshotOf(s)
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

// purgeRemoved forgets processes that have been taken out of use, of which nobody tells.
// It is done as often as their number has doubled.
func (y *Policy) purgeRemoved() {
	if len(y.known) < y.purgeAt {
		return
	}
	maps.DeleteFunc(y.known, func(p *process.Process, _ snapshot) bool { return p.IsOver() })
	y.purgeAt = 2*len(y.known) + 64
}

// exitedForGood tells whether a process has ended for good.
func exitedForGood(s *process.Status) bool {
	return s.State == states.Exited && !s.StartDue || s.State == states.Fatal
}

// failed tells whether that end was a failure.
func failed(s *process.Status) bool { return s.State == states.Fatal || s.SpawnErr != "" }

// matchedOption returns the option by which the end of a process is that of the daemon, ""
// if there is none.
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

// exitOnWord returns the word for the member of a set that an end is.
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

// allIdle tells whether no program runs or is going to. Listeners, which only
// serve the others, don't count.
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

// isIdle tells whether a process is at rest and will stay so.
func isIdle(p *process.Process) bool {
	s := p.Status()
	willStart := s.State == states.Stopped && p.CurrentConfig().Autostart && s.Started.IsZero()
	return s.State.IsStopped() && s.State != states.Unknown && !s.StartDue && !willStart
}

// exitCode is the exit status that the configuration asks for. struck is the process
// because of which the daemon ends, which is also the last to have ended.
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

// firstEnded is the status of the process that ended first among those that fit, of
// otherwise if there is none.
func (y *Policy) firstEnded(fallback *process.Process, match func(*process.Status) bool) *process.Status {
	earliest := fallback.Status()
	for p := range y.known {
		s := p.Status()
		if p.CurrentConfig().Kind == config.EventListener || !match(s) {
			continue
		}
		if !match(earliest) || s.Ended.Before(earliest.Ended) {
			earliest = s
		}
	}
	return earliest
}

// shellExitCode is the exit status of a shell for what became of a process: its own, or
// 128 and the signal that ended it. What was given up has failed in any case.
func shellExitCode(s *process.Status) int {
	if s.ShellStatus == 0 && failed(s) {
		return 1
	}
	return s.ShellStatus
}

// describe words an end.
func describe(s *process.Status) string {
	switch {
	case s.State == states.Fatal:
		return "given up, " + s.SpawnErr
	case s.ExitStatus < 0 && s.ShellStatus > 128:
		return "terminated by " + signals.Name(syscall.Signal(s.ShellStatus-128))
	}
	return fmt.Sprintf("exit status %d", s.ExitStatus)
}
