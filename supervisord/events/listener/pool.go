package listener

import (
	"fmt"
	"io"
	"log/slog"
	"math"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"supervisor/supervisord/config"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/events"
	"supervisor/supervisord/logs"
)

// Pool is the event listeners of one group and the events that wait for them.
// Its methods may be called from anywhere and never block for long.
type Pool struct {
	conf    *config.Group
	server  string // the daemon's identifier
	log     *slog.Logger
	handler handler   // nil for Supervisor's default, which accepts OK
	out     io.Writer // for the text of handler; may be nil

	mu      sync.Mutex
	members []*Member // in the order in which they are offered events
	queue   []queuedEvent
	serial  uint64 // of the next event
}

// queuedEvent is an event with its number in the pool.
type queuedEvent struct {
	events.Event
	poolSerial uint64
}

// New returns a pool without members. server is the daemon's identifier, which is in
// every event. A result handler writes to out, which may be nil.
func New(conf *config.Group, server string, log *slog.Logger, out io.Writer) *Pool {
	p := &Pool{conf: conf, server: server, log: log, out: out}
	if conf.ResultHandler == option.StdoutResultHandler {
		p.handler = linesOfOutput
	}
	return p
}

// Types returns the event types that the pool subscribes to.
func (p *Pool) Types() []events.Type {
	types := make([]events.Type, len(p.conf.Events))
	for i, name := range p.conf.Events {
		types[i] = events.Type(name)
	}
	return types
}

// Accept queues an event. It is a subscriber of the bus.
func (p *Pool) Accept(e events.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.discardIfFull()
	p.queue = append(p.queue, queuedEvent{e, p.serial})
	p.serial = (p.serial + 1) & math.MaxInt64
	p.dispatch()
}

// rebuffer puts an unanswered event back to the head of the queue.
func (p *Pool) rebuffer(e queuedEvent) {
	p.log.Debug(fmt.Sprintf("rebuffering event %d for pool %s (buf size=%d, max=%d)",
		e.Serial, p.conf.Name, len(p.queue), p.conf.BufferSize))
	p.discardIfFull()
	p.queue = slices.Insert(p.queue, 0, e)
}

// discardIfFull drops the oldest event if the queue is full.
func (p *Pool) discardIfFull() {
	if len(p.queue) < p.conf.BufferSize {
		return
	}
	p.log.Error(fmt.Sprintf("pool %s event buffer overflowed, discarding event %d", p.conf.Name, p.queue[0].Serial))
	p.pop()
}

func (p *Pool) pop() {
	p.queue[0] = queuedEvent{} // so that the payload can be freed
	p.queue = p.queue[1:]
}

// dispatch sends events as long as a member takes them.
func (p *Pool) dispatch() {
	for len(p.queue) > 0 && p.dispatchOne(p.queue[0]) {
		p.pop()
	}
}

// dispatchOne sends the event to the first member that takes it.
func (p *Pool) dispatchOne(e queuedEvent) bool {
	return slices.ContainsFunc(p.members, func(m *Member) bool { return m.isFree() && m.sendEvent(e) })
}

// envelope returns an event as the listener reads it. By default it is text, because
// every listener in Python reads text: len counts characters, and data that is not
// UTF-8 is escaped. With a length in bytes such a listener would wait for characters
// that never come, or fail.
func (p *Pool) envelope(e queuedEvent) []byte {
	payload, length := e.Payload, len(e.Payload)
	if !p.conf.BinaryEvents {
		payload = asText(payload)
		length = utf8.RuneCountInString(payload)
	}
	return fmt.Appendf(nil, "ver:3.0 server:%s serial:%d pool:%s poolserial:%d eventname:%s len:%d\n%s",
		p.server, e.Serial, p.conf.Name, e.poolSerial, e.Type, length, payload)
}

// asText escapes data that is not UTF-8 as Supervisor does. The data of a payload
// begins on its second line.
func asText(payload string) string {
	if utf8.ValidString(payload) {
		return payload
	}
	head, data, _ := strings.Cut(payload, "\n")
	return strings.ToValidUTF8(head, "\uFFFD") + "\n" + logs.DebugText([]byte(data))
}
