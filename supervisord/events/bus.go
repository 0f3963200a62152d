package events

import (
	"math"
	"slices"
	"sync"
)

// Event is an event with its payload, rendered when it happened.
type Event struct {
	Serial  uint64
	Type    Type
	Payload string
}

// Bus delivers events to subscribers. The zero Bus is ready for use. Its methods may
// be called from anywhere.
type Bus struct {
	mu     sync.RWMutex
	serial uint64          // of the next event; 0 follows 2⁶³−1, as in Supervisor
	subs   []*Subscription // in order of subscription
}

// Subscription is a subscriber with the types that it wants.
type Subscription struct {
	types  []Type
	accept func(Event)
}

func (s *Subscription) wants(t Type) bool {
	return slices.ContainsFunc(s.types, t.Is)
}

// Serial returns the serial of the next event.
func (b *Bus) Serial() uint64 {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.serial
}

// SetSerial sets the serial of the next event, after an upgrade of the daemon.
func (b *Bus) SetSerial(serial uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.serial = serial
}

// Subscribe calls accept for every event of the types and of those below them,
// once per event, from the goroutine that publishes it. accept must not block
// and must not call the bus.
func (b *Bus) Subscribe(types []Type, accept func(Event)) *Subscription {
	s := &Subscription{types, accept}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.subs = append(b.subs, s)
	return s
}

// Unsubscribe ends a subscription: accept is not called again after it has
// returned.
func (b *Bus) Unsubscribe(s *Subscription) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.subs = slices.DeleteFunc(slices.Clone(b.subs), func(other *Subscription) bool { return other == s })
}

// Wants reports whether any subscriber wants events of the type, so that unwanted
// ones need not be rendered.
func (b *Bus) Wants(t Type) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return slices.ContainsFunc(b.subs, func(s *Subscription) bool { return s.wants(t) })
}

// Publish delivers an event to all subscribers that want its type. render returns the
// payload; it is called only if there is such a subscriber.
func (b *Bus) Publish(t Type, render func() string) {
	if !b.Wants(t) {
		return
	}
	payload := render()
	b.mu.Lock()
	defer b.mu.Unlock()
	e := Event{Serial: b.serial, Type: t, Payload: payload}
	delivered := false
	for _, s := range b.subs {
		if s.wants(t) {
			delivered = true
			s.accept(e)
		}
	}
	if delivered {
		b.serial = (b.serial + 1) & math.MaxInt64
	}
}
