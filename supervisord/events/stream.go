package events

import (
	"context"
	"sync"
	"time"
)

// Dated is an event with the time at which it was published.
type Dated struct {
	Event
	At time.Time
}

// Stream is a subscription whose events wait until they are read. Its methods may be
// called from anywhere; only one goroutine may read.
type Stream struct {
	bus *Bus
	sub *Subscription

	mu    sync.Mutex
	queue []Dated
	limit int
	lost  int
	wake  chan struct{}
}

// Stream subscribes to the types and those below them. At most limit events wait; a
// reader that is slower loses the oldest. Close must be called.
func (b *Bus) Stream(types []Type, limit int) *Stream {
	s := &Stream{bus: b, limit: limit, wake: make(chan struct{}, 1)}
	s.sub = b.Subscribe(types, s.accept)
	return s
}

func (s *Stream) accept(e Event) {
	s.mu.Lock()
	if len(s.queue) == s.limit {
		s.queue = s.queue[1:]
		s.lost++
	}
	s.queue = append(s.queue, Dated{e, time.Now()})
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default: // a wakeup is pending
	}
}

// Next returns the events that wait, oldest first, and how many were lost before
// them. It blocks until there is one or ctx ends, and returns ctx's error then.
func (s *Stream) Next(ctx context.Context) (list []Dated, lost int, err error) {
	for {
		s.mu.Lock()
		list, lost = s.queue, s.lost
		s.queue, s.lost = nil, 0
		s.mu.Unlock()
		if len(list) > 0 {
			return list, lost, nil
		}
		select {
		case <-s.wake:
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		}
	}
}

// Close ends the subscription.
func (s *Stream) Close() { s.bus.Unsubscribe(s.sub) }
