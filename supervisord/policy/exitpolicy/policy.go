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
	Past map[string]process.Status
	// Spares tells of a process whose end is none of the daemon's for now, nil for
	// none. It must not block.
	Spares func(*process.Process) bool
	// GiveUp ends the daemon. It must not block.
	GiveUp func(cause string, code int)
}

// Policy decides when the daemon is to end.
type Policy struct {
	Options

	mu    sync.Mutex
	known map[*process.Process]end
	full  int // how many of them there may be until those that are over are forgotten
}

// end is the last end of a process that was looked at, or where it was when it
// was looked at otherwise.
type end struct {
	state          states.Process
	started, ended time.Time
}

func endOf(s *process.Status) end { return end{s.State, s.Started, s.Ended} }

func (e end) equal(other end) bool {
	return e.state == other.state && e.started.Equal(other.started) && e.ended.Equal(other.ended)
}

// New returns a policy that knows of no process yet.
func New(o Options) *Policy {
	return &Policy{Options: o, known: make(map[*process.Process]end)}
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
	cause, code, strikes := y.judge(p, s)
	if strikes {
		y.GiveUp(cause, code)
	}
}

func (y *Policy) judge(p *process.Process, s *process.Status) (cause string, code int, strikes bool) {
	y.mu.Lock()
	defer y.mu.Unlock()
	before, met := y.known[p]
	now := endOf(s)
	y.known[p] = now
	if !met {
		y.sweep()
	}
	if !isOver(s) || met && before.equal(now) {
		return "", 0, false
	}
	if past, ok := y.Past[p.FullName()]; ok && endOf(&past).equal(now) {
		return "", 0, false
	}
	why := y.why(p, s)
	if why == "" || y.Spares != nil && y.Spares(p) {
		return "", 0, false
	}
	return fmt.Sprintf("%s: %s (%s)", p.FullName(), describe(s), why), y.code(p), true
}

// sweep forgets processes that have been taken out of use, of which nobody tells.
// It is done as often as their number has doubled.
func (y *Policy) sweep() {
	if len(y.known) < y.full {
		return
	}
	maps.DeleteFunc(y.known, func(p *process.Process, _ end) bool { return p.IsOver() })
	y.full = 2*len(y.known) + 64
}

// isOver tells whether a process has ended for good.
func isOver(s *process.Status) bool {
	return s.State == states.Exited && !s.Due || s.State == states.Fatal
}

// failed tells whether that end was a failure.
func failed(s *process.Status) bool { return s.State == states.Fatal || s.SpawnErr != "" }

// why returns the option by which the end of a process is that of the daemon, ""
// if there is none.
func (y *Policy) why(p *process.Process, s *process.Status) string {
	if p.Current().Exit.Essential {
		return "essential=true"
	}
	if word := matches(p.Current().Exit.On, s); word != "" {
		return "exit_on=" + word
	}
	if word := matches(y.On, s); word != "" {
		return "exit_on=" + word + " of supervisord"
	}
	if y.On&config.OnAllExited != 0 && p.Current().Kind != config.EventListener && y.isLast() {
		return "exit_on=all_exited of supervisord"
	}
	return ""
}

// matches returns the word for the member of a set that an end is.
func matches(on config.ExitOn, s *process.Status) string {
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

// isLast tells whether no program runs or is going to. Listeners, which only
// serve the others, don't count.
func (y *Policy) isLast() bool {
	for p := range y.known {
		if p.IsOver() {
			delete(y.known, p) // its group has been removed
			continue
		}
		if p.Current().Kind != config.EventListener && !isIdle(p) {
			return false
		}
	}
	return true
}

// isIdle tells whether a process is at rest and will stay so.
func isIdle(p *process.Process) bool {
	s := p.Status()
	toCome := s.State == states.Stopped && p.Current().Autostart && s.Started.IsZero()
	return s.State.IsStopped() && s.State != states.Unknown && !s.Due && !toCome
}

// code is the exit status that the configuration asks for. struck is the process
// because of which the daemon ends, which is also the last to have ended.
func (y *Policy) code(struck *process.Process) int {
	switch y.Status.Of {
	case config.StatusFixed:
		return y.Status.Fixed
	case config.StatusOfFirst:
		if y.On&config.OnAllExited != 0 && y.isLast() {
			return codeOf(y.first(struck, isOver))
		}
	case config.StatusOfFirstFailure:
		first := y.first(struck, func(s *process.Status) bool { return isOver(s) && failed(s) })
		if !failed(first) {
			return 0
		}
		return codeOf(first)
	case config.StatusOfLast:
	}
	return codeOf(struck.Status())
}

// first is the status of the process that ended first among those that fit, of
// otherwise if there is none.
func (y *Policy) first(otherwise *process.Process, fits func(*process.Status) bool) *process.Status {
	best := otherwise.Status()
	for p := range y.known {
		s := p.Status()
		if p.Current().Kind == config.EventListener || !fits(s) {
			continue
		}
		if !fits(best) || s.Ended.Before(best.Ended) {
			best = s
		}
	}
	return best
}

// codeOf is the exit status of a shell for what became of a process: its own, or
// 128 and the signal that ended it. What was given up has failed in any case.
func codeOf(s *process.Status) int {
	if s.Ending == 0 && failed(s) {
		return 1
	}
	return s.Ending
}

// describe words an end.
func describe(s *process.Status) string {
	switch {
	case s.State == states.Fatal:
		return "given up, " + s.SpawnErr
	case s.ExitStatus < 0 && s.Ending > 128:
		return "terminated by " + signals.Name(syscall.Signal(s.Ending-128))
	}
	return fmt.Sprintf("exit status %d", s.ExitStatus)
}
