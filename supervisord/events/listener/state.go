package listener

import (
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/events"
)

// State is all that another pool needs to go on where this one has been.
type State struct {
	Serial  uint64 // of the next event in the pool
	Queue   []SavedEvent
	Members []SavedMember // those with a child
}

// SavedEvent is an event that nobody has dealt with.
type SavedEvent struct {
	Serial, PoolSerial uint64
	Type               string
	Payload            []byte
}

// SavedMember is a conversation with a child.
type SavedMember struct {
	Name            string
	State           int    // a states.Listener
	Held            []byte // the beginning of what it was saying
	Awaited, Length int64  // bytes of a result, in the middle of one
	InResult        bool
	Event           *SavedEvent // while BUSY
}

// Save returns it. The caller sees to it that nothing happens any more.
func (p *Pool) Save() State {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := State{Serial: p.serial}
	for _, m := range p.members {
		m.resetRejections() // no pause may end from now on
	}
	for _, e := range p.queue {
		l.Queue = append(l.Queue, *e.save())
	}
	for _, m := range p.members {
		if m.session == nil {
			continue
		}
		saved := SavedMember{
			Name: m.name, State: int(m.session.state), Held: m.session.partial,
			Awaited: m.session.remaining, Length: m.session.length, InResult: m.session.inResult,
		}
		if m.event != nil {
			saved.Event = m.event.save()
		}
		l.Members = append(l.Members, saved)
	}
	return l
}

// Restore has the pool, whose members have not met a child yet, go on where
// another has been: the next child that a member meets is the old one.
func (p *Pool) Restore(l State) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.serial = l.Serial
	for _, e := range l.Queue {
		p.queue = append(p.queue, e.queued())
	}
	for _, saved := range l.Members {
		for _, m := range p.members {
			if m.name == saved.Name {
				m.restore(saved)
			}
		}
	}
}

func (m *Member) restore(saved SavedMember) {
	m.restored = true
	m.session = &session{
		keepResult: m.pool.handler != nil,
		state:      states.Listener(saved.State), partial: saved.Held,
		remaining: saved.Awaited, length: saved.Length, inResult: saved.InResult,
	}
	if saved.Event != nil {
		e := saved.Event.queued()
		m.event = &e
	}
}

func (e queuedEvent) save() *SavedEvent {
	return &SavedEvent{Serial: e.Serial, PoolSerial: e.poolSerial, Type: string(e.Type), Payload: []byte(e.Payload)}
}

func (e *SavedEvent) queued() queuedEvent {
	return queuedEvent{events.Event{Serial: e.Serial, Type: events.Type(e.Type), Payload: string(e.Payload)}, e.PoolSerial}
}
