package listener

import (
	"errors"
	"fmt"
	"syscall"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/logs"
)

// Member is one process of a pool. It implements process.EventListener, so that the
// process need not know the protocol.
type Member struct {
	pool *Pool
	name string

	// What follows is guarded by pool.mu.
	session   *session                // with the current child, nil for none
	write     func(data []byte) error // to that child
	isRunning bool                    // the process is RUNNING
	event     *queuedEvent            // while BUSY
	restored  bool                    // session and event are of a child handed over that is yet to be adopted
	rejection rejection               // of the current child
}

// Member adds a process to the pool, after those that were added before.
func (p *Pool) Member(name string) *Member {
	m := &Member{pool: p, name: name}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.members = append(p.members, m)
	return m
}

// NewSession implements process.EventListener: the next child starts a new session.
func (m *Member) NewSession() (receive func(data []byte)) {
	m.pool.mu.Lock()
	defer m.pool.mu.Unlock()
	if !m.restored {
		m.session = newSession(m.pool.handler != nil)
	}
	m.restored = false
	s := m.session
	return func(data []byte) { m.receive(s, data) }
}

// SetStdin implements process.EventListener.
func (m *Member) SetStdin(write func(data []byte) error) {
	m.pool.mu.Lock()
	defer m.pool.mu.Unlock()
	m.write = write
}

// StateChanged implements process.EventListener. A listener that is no longer RUNNING
// does not get the event about that. An event that it had not answered when it ended
// is put back after that event was queued, so that it comes first in the queue.
func (m *Member) StateChanged(to states.Process, publish func()) {
	m.pool.mu.Lock()
	m.isRunning = to == states.Running
	m.pool.mu.Unlock()
	publish() // perhaps to this pool
	m.pool.mu.Lock()
	defer m.pool.mu.Unlock()
	switch to {
	case states.Backoff, states.Exited, states.Stopped, states.Fatal:
		m.session, m.write = nil, nil
		m.resetRejections()
		m.rebufferEvent()
	case states.Starting, states.Running, states.Stopping, states.Unknown: // there may be a child
	}
	m.pool.dispatch()
}

// receive handles output of a child. Output of an earlier session is ignored: a
// descendant of an earlier child may still write to the old pipe.
//
// The text of a result handler is written without the lock: if nobody reads it, only
// this child waits.
func (m *Member) receive(s *session, data []byte) {
	if text := m.handleOutput(s, data); len(text) > 0 && m.pool.out != nil {
		_, _ = m.pool.out.Write(text) // the reader of stdout has gone
	}
}

// handleOutput handles a piece of output and returns the text of the result handler.
func (m *Member) handleOutput(s *session, data []byte) (text []byte) {
	m.pool.mu.Lock()
	defer m.pool.mu.Unlock()
	if m.session != s {
		return nil
	}
	for len(data) > 0 {
		before := s.state
		var what outcome
		what, data = s.parse(data)
		if what == resultReceived {
			var lines []byte
			what, lines = m.handleResult()
			text = append(text, lines...)
		}
		m.handleOutcome(what, before)
	}
	m.pool.dispatch()
	return text
}

// handleResult passes a result to the pool's result handler.
func (m *Member) handleResult() (outcome, []byte) {
	lines, ok := m.pool.handler(m.session.result)
	m.session.result = nil
	if !ok {
		return m.session.fail(handlerFailed), nil
	}
	return accepted, lines
}

// handleOutcome logs the outcome, and drops or puts back the event that it is about.
func (m *Member) handleOutcome(what outcome, before states.Listener) {
	log := m.pool.log
	switch what {
	case noOutcome:
		return
	case accepted:
		log.Debug(m.name + ": event was processed")
		m.resetRejections()
	case rejected:
		m.recordRejection()
	case handlerFailed:
		log.Warn(m.name + ": event caused an error")
	case badResultLine:
		log.Warn(fmt.Sprintf("%s: bad result line: '%s'", m.name, logs.DebugText(m.session.partial)))
		m.session.partial = nil
	case becameReady, unexpectedOutput, resultReceived:
	}
	log.Debug(fmt.Sprintf("%s: %s -> %s", m.name, before, m.session.state))
	if m.session.state == states.ListenerUnknown {
		log.Warn(m.name + ": has entered the UNKNOWN state and will no longer receive events, " +
			"this usually indicates the process violated the eventlistener protocol")
	}
	if what == accepted {
		m.event = nil
	}
	m.rebufferEvent()
}

// rebufferEvent puts the member's unanswered event back into the queue, if it has one.
func (m *Member) rebufferEvent() {
	if m.event == nil {
		return
	}
	e := *m.event
	m.event = nil
	m.pool.rebuffer(e)
}

func (m *Member) isFree() bool {
	return m.isRunning && m.rejection.pause == nil && m.write != nil && m.session != nil && m.session.state == states.ListenerReady
}

// sendEvent sends an event to the child and reports whether that succeeded.
func (m *Member) sendEvent(e queuedEvent) bool {
	log := m.pool.log
	switch err := m.write(m.pool.envelope(e)); {
	case errors.Is(err, syscall.EPIPE):
		log.Debug(fmt.Sprintf("epipe occurred while sending event %d to listener %s, listener state unchanged", e.Serial, m.name))
		return false
	case err != nil:
		log.Warn(fmt.Sprintf("send event %d to listener %s: %v", e.Serial, m.name, err))
		return false
	}
	m.session.eventSent()
	m.event = &e
	log.Debug(fmt.Sprintf("event %d sent to listener %s", e.Serial, m.name))
	return true
}
