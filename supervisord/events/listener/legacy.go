package listener

import (
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/events"
)

// Legacy is all that another pool needs to go on where this one has been.
type Legacy struct {
	Serial  uint64 // of the next event in the pool
	Queue   []LegacyEvent
	Members []LegacyMember // those with a child
}

// LegacyEvent is an event that nobody has dealt with.
type LegacyEvent struct {
	Serial, PoolSerial uint64
	Type               string
	Payload            []byte
}

// LegacyMember is a conversation with a child.
type LegacyMember struct {
	Name            string
	State           int    // a states.Listener
	Held            []byte // the beginning of what it was saying
	Awaited, Length int64  // bytes of a result, in the middle of one
	InResult        bool
	Event           *LegacyEvent // while BUSY
}

// Legacy returns it. The caller sees to it that nothing happens any more.
func (p *Pool) Legacy() Legacy {
	p.mu.Lock()
	defer p.mu.Unlock()
	l := Legacy{Serial: p.serial}
	for _, m := range p.members {
		m.forgive() // no pause may end from now on
	}
	for _, e := range p.queue {
		l.Queue = append(l.Queue, *e.legacy())
	}
	for _, m := range p.members {
		if m.talk == nil {
			continue
		}
		past := LegacyMember{
			Name: m.name, State: int(m.talk.state), Held: m.talk.held,
			Awaited: m.talk.awaited, Length: m.talk.length, InResult: m.talk.inResult,
		}
		if m.event != nil {
			past.Event = m.event.legacy()
		}
		l.Members = append(l.Members, past)
	}
	return l
}

// Resume has the pool, whose members have not met a child yet, go on where
// another has been: the next child that a member meets is the old one.
func (p *Pool) Resume(l Legacy) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.serial = l.Serial
	for _, e := range l.Queue {
		p.queue = append(p.queue, e.numbered())
	}
	for _, past := range l.Members {
		for _, m := range p.members {
			if m.name == past.Name {
				m.resume(past)
			}
		}
	}
}

func (m *Member) resume(past LegacyMember) {
	m.resumed = true
	m.talk = &conversation{
		keeps: m.pool.handler != nil,
		state: states.Listener(past.State), held: past.Held,
		awaited: past.Awaited, length: past.Length, inResult: past.InResult,
	}
	if past.Event != nil {
		e := past.Event.numbered()
		m.event = &e
	}
}

func (e numbered) legacy() *LegacyEvent {
	return &LegacyEvent{Serial: e.Serial, PoolSerial: e.poolSerial, Type: string(e.Type), Payload: []byte(e.Payload)}
}

func (e *LegacyEvent) numbered() numbered {
	return numbered{events.Event{Serial: e.Serial, Type: events.Type(e.Type), Payload: string(e.Payload)}, e.PoolSerial}
}
