package listener

import (
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/events"
)

// State is what another pool needs to go on after an upgrade. The JSON names are those of
// all handovers so far.
type State struct {
	Serial  uint64 // of the next event in the pool
	Queue   []EventState
	Members []MemberState // those with a child
}

// EventState is an event that no listener has processed yet.
type EventState struct {
	Serial, PoolSerial uint64
	Type               string
	Payload            []byte
}

// MemberState is a protocol session with a child.
type MemberState struct {
	Name      string
	State     states.Listener
	Partial   []byte `json:"Held"`    // the beginning of a line
	Remaining int64  `json:"Awaited"` // bytes of a result that are still to come
	Length    int64  // bytes of that result
	InResult  bool
	Event     *EventState // while BUSY
}

// Save returns the state of the pool. The caller makes sure that nothing reaches the pool
// any more.
func (p *Pool) Save() State {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := State{Serial: p.serial}
	for _, m := range p.members {
		m.resetRejections() // no pause may end from now on
	}
	for _, e := range p.queue {
		s.Queue = append(s.Queue, e.save())
	}
	for _, m := range p.members {
		if m.session != nil {
			s.Members = append(s.Members, m.save())
		}
	}
	return s
}

func (m *Member) save() MemberState {
	s := MemberState{
		Name: m.name, State: m.session.state, Partial: m.session.partial,
		Remaining: m.session.remaining, Length: m.session.length, InResult: m.session.inResult,
	}
	if m.event != nil {
		e := m.event.save()
		s.Event = &e
	}
	return s
}

// Restore goes on where another pool was. The members have no child yet: the first child
// that a member gets is the old one.
func (p *Pool) Restore(s State) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.serial = s.Serial
	for _, e := range s.Queue {
		p.queue = append(p.queue, e.queued())
	}
	for _, saved := range s.Members {
		for _, m := range p.members {
			if m.name == saved.Name {
				m.restore(saved)
			}
		}
	}
}

func (m *Member) restore(s MemberState) {
	m.restored = true
	m.session = &session{
		keepResult: m.pool.handler != nil,
		state:      s.State, partial: s.Partial,
		remaining: s.Remaining, length: s.Length, inResult: s.InResult,
	}
	if s.Event != nil {
		e := s.Event.queued()
		m.event = &e
	}
}

func (e queuedEvent) save() EventState {
	return EventState{Serial: e.Serial, PoolSerial: e.poolSerial, Type: string(e.Type), Payload: []byte(e.Payload)}
}

func (e EventState) queued() queuedEvent {
	return queuedEvent{events.Event{Serial: e.Serial, Type: events.Type(e.Type), Payload: string(e.Payload)}, e.PoolSerial}
}
