package listener

import (
	"errors"
	"fmt"
	"syscall"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/logs"
)

// Member is one process of a pool, in the pool's eyes. It is the
// process.Partner of that process, so that the process need not know what is
// talked about.
type Member struct {
	pool *Pool
	name string

	// What follows is guarded by pool.mu.
	talk      *conversation           // with the present child, nil while there is none
	write     func(data []byte) error // to that child
	isRunning bool                    // the process is, for the configured startsecs
	event     *numbered               // while BUSY
	resumed   bool                    // talk and event are of a child that is still to be met
	rejection rejection               // how often events have come back without one that did not
}

// Member adds a process to the pool, after those that were added before.
func (p *Pool) Member(name string) *Member {
	m := &Member{pool: p, name: name}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.members = append(p.members, m)
	return m
}

// Expect implements process.Partner: the next child starts a new conversation.
func (m *Member) Expect() (hear func(data []byte)) {
	m.pool.mu.Lock()
	defer m.pool.mu.Unlock()
	if !m.resumed {
		m.talk = newConversation(m.pool.handler != nil)
	}
	m.resumed = false
	talk := m.talk
	return func(data []byte) { m.hear(talk, data) }
}

// Meet implements process.Partner.
func (m *Member) Meet(write func(data []byte) error) {
	m.pool.mu.Lock()
	defer m.pool.mu.Unlock()
	m.write = write
}

// Change implements process.Partner. Who is not RUNNING any more is not given
// the event that says so; but what it had not dealt with at its end is given
// back after that event, so that it comes before it in the queue.
func (m *Member) Change(to states.Process, publish func()) {
	m.pool.mu.Lock()
	m.isRunning = to == states.Running
	m.pool.mu.Unlock()
	publish() // perhaps to this very pool
	m.pool.mu.Lock()
	defer m.pool.mu.Unlock()
	switch to {
	case states.Backoff, states.Exited, states.Stopped, states.Fatal:
		m.talk, m.write = nil, nil
		m.forgive()
		m.giveBack()
	case states.Starting, states.Running, states.Stopping, states.Unknown: // there may be a child
	}
	m.pool.dispatch()
}

// hear takes what a child said. What belongs to an old conversation is nobody's
// business any more: a grandchild may write to the old pipe for long.
//
// What a handler makes of it is written without the lock: if nobody reads it, only
// this child waits.
func (m *Member) hear(talk *conversation, data []byte) {
	if text := m.understand(talk, data); len(text) > 0 && m.pool.out != nil {
		_, _ = m.pool.out.Write(text) // whoever read it has gone
	}
}

// understand does what has to be done about a piece of output, and returns what a
// handler has made of it.
func (m *Member) understand(talk *conversation, data []byte) (text []byte) {
	m.pool.mu.Lock()
	defer m.pool.mu.Unlock()
	if m.talk != talk {
		return nil
	}
	for len(data) > 0 {
		before := talk.state
		var what heard
		what, data = talk.hear(data)
		if what == answered {
			var lines []byte
			what, lines = m.handle()
			text = append(text, lines...)
		}
		m.react(what, before)
	}
	m.pool.dispatch()
	return text
}

// handle has the handler of the pool judge a result.
func (m *Member) handle() (heard, []byte) {
	lines, ok := m.pool.handler(m.talk.said)
	m.talk.said = nil
	if !ok {
		return m.talk.hearNoMore(causedError), nil
	}
	return accepted, lines
}

// react tells the main log what the child has said, and lets go of the event
// that it answered to.
func (m *Member) react(what heard, before states.Listener) {
	log := m.pool.log
	switch what {
	case nothing:
		return
	case accepted:
		log.Debug(m.name + ": event was processed")
		m.forgive()
	case rejected:
		m.reject()
	case causedError:
		log.Warn(m.name + ": event caused an error")
	case badResultLine:
		log.Warn(fmt.Sprintf("%s: bad result line: '%s'", m.name, logs.DebugText(m.talk.held)))
		m.talk.held = nil
	case saidReady, outOfTurn, answered:
	}
	log.Debug(fmt.Sprintf("%s: %s -> %s", m.name, before, m.talk.state))
	if m.talk.state == states.ListenerUnknown {
		log.Warn(m.name + ": has entered the UNKNOWN state and will no longer receive events, " +
			"this usually indicates the process violated the eventlistener protocol")
	}
	if what == accepted {
		m.event = nil
	}
	m.giveBack()
}

// giveBack returns the event that the member has not dealt with, if it has one.
func (m *Member) giveBack() {
	if m.event == nil {
		return
	}
	e := *m.event
	m.event = nil
	m.pool.rebuffer(e)
}

func (m *Member) isFree() bool {
	return m.isRunning && m.rejection.pause == nil && m.write != nil && m.talk != nil && m.talk.state == states.ListenerReady
}

// take sends an event to the child. It fails if nobody reads any more.
func (m *Member) take(e numbered) bool {
	log := m.pool.log
	switch err := m.write(m.pool.envelope(e)); {
	case errors.Is(err, syscall.EPIPE):
		log.Debug(fmt.Sprintf("epipe occurred while sending event %d to listener %s, listener state unchanged", e.Serial, m.name))
		return false
	case err != nil:
		log.Warn(fmt.Sprintf("send event %d to listener %s: %v", e.Serial, m.name, err))
		return false
	}
	m.talk.give()
	m.event = &e
	log.Debug(fmt.Sprintf("event %d sent to listener %s", e.Serial, m.name))
	return true
}
