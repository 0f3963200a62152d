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

// NotifyState is what a program has reported of itself, see sd_notify(3).
type NotifyState struct {
	Status    string        `json:",omitempty"` // STATUS=
	MainPID   int           `json:",omitempty"`
	Errno     int           `json:",omitempty"`
	Reloading bool          `json:",omitempty"`
	Stopping  bool          `json:",omitempty"`
	Watchdog  time.Duration `json:",omitempty"` // WATCHDOG_USEC=, 0 if it was not sent
}

// publish makes the notify state visible to readers.
func (s *watchedProcess) publish() {
	s.m.mu.Lock()
	defer s.m.mu.Unlock()
	if s.notifyState == (NotifyState{}) {
		delete(s.m.notifyStates, s.p)
		return
	}
	s.m.notifyStates[s.p] = s.notifyState
}

// The names of a process's socket and pipe in the receiver.
func socketName(name string) string { return "socket " + name }
func pipeName(name string) string   { return "pipe " + name }

// handleMessage handles what a receiver got from a program.
func (m *Monitor) handleMessage(ctx context.Context, h notify.Received) {
	m.handleChanges(ctx) // a child may send before Changed is called for it
	_, name, _ := strings.Cut(h.Name, " ")
	s := m.byName[name]
	if s == nil { // its first child is not known yet, or the process is removed
		m.storeEarly(name, h)
		return
	}
	if s.p.Status().PID != s.pid {
		s.refresh(ctx, s.p.Status()) // Changed has not been called for this child yet
	}
	if s.pid == 0 {
		m.storeEarly(name, h)
		return
	}
	s.handleMessage(h)
}

// handleEarly handles messages that arrived before the pid was known, and a match in
// the output.
func (m *Monitor) handleEarly(s *watchedProcess) {
	e := m.providerOf(s.p.FullName())
	if e == nil {
		return
	}
	for _, h := range e.takeEarly() {
		s.handleMessage(h)
	}
	if !s.ready && s.conf().Ready.Kind.SelfReported() && e.outputMatched() {
		s.markReady()
	}
}

// handleMessage handles a message from the current child, or from another process.
func (s *watchedProcess) handleMessage(h notify.Received) {
	c := s.conf()
	if h.From == nil { // from its pipe
		switch {
		case c.Ready.Kind != config.FDProbe || s.ready:
		case h.Ready:
			s.markReady()
		case h.Closed:
			pid, text := s.pid, fmt.Sprintf("descriptor %d was closed without a line", c.Ready.FD)
			s.enqueue(func() { s.p.NotReady(pid, text) })
		}
		return
	}
	if !s.isFromChild(h.From) {
		s.m.Log.Debug(fmt.Sprintf("ignored: what process %d says to %s, none of whose processes it is", h.From.PID, s.p.FullName()))
		return
	}
	before := s.notifyState
	s.recordNotifyState(&h.Message)
	if s.notifyState != before {
		s.publish()
	}
	s.applyMessage(&h.Message)
}

// isFromChild reports whether a sender is the child or a descendant of it. If it has
// ended meanwhile, its parents can't be found out; then its user decides, and only
// the program's user may send to the socket.
func (s *watchedProcess) isFromChild(from *notify.Sender) bool {
	yes, known := from.DescendsFrom(s.pid)
	if known {
		return yes
	}
	return from.UID == os.Geteuid() || s.p.Config.UID != nil && from.UID == *s.p.Config.UID
}

// recordNotifyState records what a message reports.
func (s *watchedProcess) recordNotifyState(m *notify.Message) {
	n := &s.notifyState
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

// applyMessage acts on a message.
func (s *watchedProcess) applyMessage(m *notify.Message) {
	c, pid, now := s.conf(), s.pid, time.Now()
	if m.Extend > 0 {
		extension := m.Extend
		s.enqueue(func() { s.p.ExtendTimeout(pid, extension) })
	}
	switch awaitingReady := c.Ready.Kind == config.NotifyProbe && !s.ready; {
	case awaitingReady && m.Ready:
		s.markReady()
	case awaitingReady && m.HasStatus && s.state == states.Starting:
		text := s.notifyState.Status
		s.enqueueLast(func() { s.p.NotReady(pid, text) })
	}
	if c.Health.Kind != config.NotifyProbe {
		return
	}
	switch {
	case m.WatchdogTrigger:
		if s.wantsHealth() {
			s.failures = max(s.failures, c.Health.Failures-1)
			s.recordHealth(errors.New("it says so itself (WATCHDOG=trigger)"), now)
		}
	case m.WatchdogPing:
		s.lastAlive = now
		if s.wantsHealth() {
			s.recordSuccess(now)
		}
	}
	if m.WatchdogPing || m.Watchdog != 0 || m.Stopping {
		if s.wantsHealth() {
			s.armWatchdog()
		} else {
			s.m.timers.cancel(&s.timers[forHealth])
		}
	}
}

// watchdogInterval is how often a program has to send WATCHDOG=1.
func (s *watchedProcess) watchdogInterval() time.Duration {
	if s.notifyState.Watchdog != 0 {
		return s.notifyState.Watchdog
	}
	return s.conf().Health.Interval
}

// armWatchdog sets the timer for the next WATCHDOG=1.
func (s *watchedProcess) armWatchdog() {
	a := &s.timers[forHealth]
	if s.watchdogInterval() == notify.Never {
		s.m.timers.cancel(a)
		return
	}
	s.m.timers.set(a, s.lastAlive.Add(finite(s.watchdogInterval())))
}

// watchdogExpired records that WATCHDOG=1 did not come in time.
func (s *watchedProcess) watchdogExpired(now time.Time) {
	s.m.timers.set(&s.timers[forHealth], now.Add(finite(s.watchdogInterval())))
	s.recordHealth(fmt.Errorf("no WATCHDOG=1 for %s", now.Sub(s.lastAlive).Round(100*time.Millisecond)), now)
}

// errnoText returns the text of ERRNO=.
func errnoText(n int) string { return syscall.Errno(n).Error() }
