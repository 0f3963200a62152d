package health

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/logs/printable"
	"supervisor/supervisord/system/notify"
)

// Note is what a program says of itself, by sd_notify.
type Note struct {
	Status    string        `json:",omitempty"` // STATUS=
	MainPID   int           `json:",omitempty"`
	Errno     int           `json:",omitempty"`
	Reloading bool          `json:",omitempty"`
	Stopping  bool          `json:",omitempty"`
	Watchdog  time.Duration `json:",omitempty"` // WATCHDOG_USEC=, 0 if it has not said so
}

// publish shows the note to readers.
func (s *subject) publish() {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	if s.note == (Note{}) {
		delete(s.m.notes, s.p)
		return
	}
	s.m.notes[s.p] = s.note
}

// The names of a process's socket and pipe in the hub.
func socketName(name string) string { return "socket " + name }
func pipeName(name string) string   { return "pipe " + name }

// hear takes what a program has said.
func (m *Monitor) hear(ctx context.Context, h notify.Heard) {
	m.attend(ctx) // a newborn can be quicker than the news of it
	_, name, _ := strings.Cut(h.Name, " ")
	s := m.byName[name]
	if s == nil { // there is no news of its first child yet, or it is over
		m.keep(name, h)
		return
	}
	if s.p.Status().PID != s.pid {
		s.look(ctx, s.p.Status()) // news of it are on their way
	}
	if s.pid == 0 {
		m.keep(name, h)
		return
	}
	s.hear(h)
}

// heardAll takes what was said before the pid was known, and what was written.
func (m *Monitor) heardAll(s *subject) {
	e := m.ear(s.p.FullName())
	if e == nil {
		return
	}
	for _, h := range e.takeEarly() {
		s.hear(h)
	}
	if !s.ready && s.conf().Ready.Kind.TellsItself() && e.hasTold() {
		s.isReady()
	}
}

// hear takes what the present child, or somebody else, has said.
func (s *subject) hear(h notify.Heard) {
	c := s.conf()
	if h.From == nil { // by its pipe
		switch {
		case c.Ready.Kind != config.FDProbe || s.ready:
		case h.Ready:
			s.isReady()
		case h.Closed:
			pid, text := s.pid, fmt.Sprintf("descriptor %d was closed without a line", c.Ready.FD)
			s.send(func() { s.p.NotReady(pid, text) })
		}
		return
	}
	if !s.knows(h.From) {
		s.m.Log.Debug(fmt.Sprintf("ignored: what process %d says to %s, none of whose processes it is", h.From.PID, s.p.FullName()))
		return
	}
	before := s.note
	s.takeDown(&h.Message)
	if s.note != before {
		s.publish()
	}
	s.obey(&h.Message)
}

// knows tells whether a sender belongs to the child. One that has ended in the
// meantime can't be asked where it came from, but had the rights of the
// program's user, whom alone the kernel lets send there.
func (s *subject) knows(from *notify.Sender) bool {
	yes, known := from.Descends(s.pid)
	if known {
		return yes
	}
	return from.UID == os.Geteuid() || s.p.Config.UID != nil && from.UID == *s.p.Config.UID
}

// takeDown notes what a program says of itself.
func (s *subject) takeDown(m *notify.Message) {
	n := &s.note
	if m.HasStatus {
		n.Status = printable.Text(m.Status)
	}
	if m.MainPID != 0 {
		n.MainPID = m.MainPID
	}
	if m.Errno != 0 {
		n.Errno = m.Errno
	}
	if m.Watchdog != 0 {
		n.Watchdog = m.Watchdog
	}
	n.Reloading = (n.Reloading || m.Reloading) && !(m.Ready && !m.Reloading)
	n.Stopping = n.Stopping || m.Stopping
}

// obey does what a message asks for.
func (s *subject) obey(m *notify.Message) {
	c, pid, now := s.conf(), s.pid, time.Now()
	if m.Extend > 0 {
		by := m.Extend
		s.send(func() { s.p.Extend(pid, by) })
	}
	switch waits := c.Ready.Kind == config.NotifyProbe && !s.ready; {
	case waits && m.Ready:
		s.isReady()
	case waits && m.HasStatus && s.state == states.Starting:
		text := s.note.Status
		s.sendLast(func() { s.p.NotReady(pid, text) })
	}
	if c.Health.Kind != config.NotifyProbe {
		return
	}
	switch {
	case m.Ill:
		if s.wantsHealth() {
			s.failures = max(s.failures, c.Health.Failures-1)
			s.judge(errors.New("it says so itself (WATCHDOG=trigger)"), now)
		}
	case m.Alive:
		s.alive = now
		if s.wantsHealth() {
			s.recovered(now)
		}
	}
	if m.Alive || m.Watchdog != 0 || m.Stopping {
		if s.wantsHealth() {
			s.expectLife()
		} else {
			s.m.agenda.cancel(&s.appointments[forHealth])
		}
	}
}

// period is how often a program has to say that it is alive.
func (s *subject) period() time.Duration {
	if s.note.Watchdog != 0 {
		return s.note.Watchdog
	}
	return s.conf().Health.Interval
}

// expectLife makes the appointment by which a program has to have said that it
// is alive.
func (s *subject) expectLife() {
	a := &s.appointments[forHealth]
	if s.period() == notify.Never {
		s.m.agenda.cancel(a)
		return
	}
	s.m.agenda.set(a, s.alive.Add(capped(s.period())))
}

// missed is the time of that appointment.
func (s *subject) missed(now time.Time) {
	s.m.agenda.set(&s.appointments[forHealth], now.Add(capped(s.period())))
	s.judge(fmt.Errorf("no WATCHDOG=1 for %s", now.Sub(s.alive).Round(100*time.Millisecond)), now)
}

// errnoText is what ERRNO= means.
func errnoText(n int) string { return syscall.Errno(n).Error() }
