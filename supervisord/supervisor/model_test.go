package supervisor_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/events"
)

// model follows a daemon from outside, by its events and its log, and checks that nothing
// happens that must not.
type model struct {
	mu             sync.Mutex
	violation      string // the first one
	states         map[string]states.Process
	removedUnknown map[string]bool // UNKNOWN when they were removed
	orphaned       map[string]bool // the same, until the next spawn of that name
	configs        func(group string) *config.Group
	pools          map[string]*poolModel
	history        []events.Type // by serial
	lines          [40]string    // the last lines of the main log
	numLines       int
}

func newModel(configs func(string) *config.Group) *model {
	return &model{
		states: make(map[string]states.Process), removedUnknown: make(map[string]bool),
		orphaned: make(map[string]bool), pools: make(map[string]*poolModel), configs: configs,
	}
}

func (m *model) violated(format string, args ...any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.violatedLocked(format, args...)
}

// firstViolation is the first violation, "" if there was none.
func (m *model) firstViolation() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.violation
}

func (m *model) violatedLocked(format string, args ...any) {
	if m.violation == "" {
		m.violation = fmt.Sprintf(format, args...) + "\nmain log:\n" + strings.Join(m.lastLines(), "\n")
	}
}

// legalTransitions are the transitions that may happen.
var legalTransitions = map[states.Process][]states.Process{
	states.Stopped:  {states.Starting, states.Fatal}, // restart_limit, as from Exited
	states.Starting: {states.Running, states.Backoff, states.Stopping, states.Unknown},
	states.Running:  {states.Exited, states.Stopping, states.Unknown},
	states.Backoff:  {states.Starting, states.Fatal, states.Stopped},
	states.Stopping: {states.Stopped, states.Unknown},
	states.Exited:   {states.Starting, states.Fatal},
	states.Fatal:    {states.Starting},
	states.Unknown:  {states.Exited},
}

// accept gets every event that is published.
func (m *model) accept(e events.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e.Serial != uint64(len(m.history)) {
		m.violatedLocked("event %d comes after %d others", e.Serial, len(m.history))
	}
	m.history = append(m.history, e.Type)
	for _, p := range m.pools {
		p.published(e)
	}
	switch {
	case e.Type.Is(events.ProcessState):
		m.changed(e)
	case e.Type == events.ProcessGroupAdded:
		name := groupOf(e)
		if c := m.configs(name); c != nil && c.Kind == config.EventListener {
			m.pools[name] = &poolModel{model: m, name: name, conf: c, last: -1}
		}
	case e.Type == events.ProcessGroupRemoved:
		m.removed(groupOf(e))
	}
}

func groupOf(e events.Event) string {
	return strings.TrimSuffix(strings.TrimPrefix(e.Payload, "groupname:"), "\n")
}

func (m *model) removed(group string) {
	delete(m.pools, group)
	for name := range m.states {
		if strings.HasPrefix(name, group+":") {
			m.forget(name)
		}
	}
}

// forget forgets a process that has been removed.
func (m *model) forget(name string) {
	st := m.states[name]
	if !st.IsStopped() {
		m.violatedLocked("%s was %s when it was removed", name, st)
	}
	if st == states.Unknown {
		m.removedUnknown[name], m.orphaned[name] = true, true
	}
	delete(m.states, name)
}

func (m *model) changed(e events.Event) {
	fields := strings.Fields(e.Payload)
	value := func(i int) string { _, v, _ := strings.Cut(fields[i], ":"); return v }
	name := value(1) + ":" + value(0)
	from, to := m.states[name], stateNamed(strings.TrimPrefix(string(e.Type), "PROCESS_STATE_"))
	if m.removedUnknown[name] && from != states.Unknown && value(2) == "UNKNOWN" && to == states.Exited {
		return // the exit of one that was removed at that very moment
	}
	if value(2) != from.String() {
		m.violatedLocked("%s became %s from %s, but was %s", name, to, value(2), from)
	}
	if !slices.Contains(legalTransitions[from], to) {
		m.violatedLocked("%s became %s from %s", name, to, from)
	}
	m.states[name] = to
}

func stateNamed(name string) states.Process {
	for _, s := range states.All {
		if s.String() == name {
			return s
		}
	}
	panic(name)
}

// clearOrphaned reports whether the children of that name so far have no owner any more.
func (m *model) clearOrphaned(process string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	is := m.orphaned[process]
	delete(m.orphaned, process)
	return is
}

// isOrphaned reports whether the children of that name have no owner any more.
func (m *model) isOrphaned(process string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.orphaned[process]
}

func (m *model) poolOf(process string) *poolModel {
	m.mu.Lock()
	defer m.mu.Unlock()
	group, _, _ := strings.Cut(process, ":")
	return m.pools[group]
}

// Enabled implements slog.Handler: the model reads everything.
func (m *model) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements slog.Handler.
func (m *model) Handle(_ context.Context, r slog.Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lines[m.numLines%len(m.lines)] = r.Message
	m.numLines++
	// fmt.Sscanf would take a twentieth of the whole simulation.
	words := strings.FieldsFunc(r.Message, func(c rune) bool { return c == ' ' || c == ',' || c == '=' || c == ')' })
	switch {
	case strings.HasPrefix(r.Message, "pool ") && strings.Contains(r.Message, " event buffer overflowed, discarding event "):
		if p := m.pools[words[1]]; p != nil {
			p.discarded(numberIn(words[7]))
		}
	case strings.HasPrefix(r.Message, "rebuffering event "):
		// rebuffering event 7 for pool x (buf size=1, max=10)
		if size, most := numberIn(words[8]), numberIn(words[10]); size > most {
			m.violatedLocked("%d events wait for %s", size, words[5])
		}
	}
	return nil
}

// numberIn reads a number in a line of the log.
func numberIn(word string) int {
	n, err := strconv.Atoi(word)
	if err != nil {
		panic(err) // the line has changed, and would not be checked any more
	}
	return n
}

// WithAttrs implements slog.Handler.
func (m *model) WithAttrs([]slog.Attr) slog.Handler { return m }

// WithGroup implements slog.Handler.
func (m *model) WithGroup(string) slog.Handler { return m }

func (m *model) lastLines() []string {
	if m.numLines < len(m.lines) {
		return m.lines[:m.numLines]
	}
	i := m.numLines % len(m.lines)
	return append(slices.Clone(m.lines[i:]), m.lines[:i]...)
}

// poolModel is what a pool of listeners must have done with its events. It knows nothing
// before the first delivery, because it does not know which event was the first that the
// pool got. model.mu guards it.
type poolModel struct {
	model       *model
	name        string
	conf        *config.Group
	initialized bool
	firstSerial int // pool serial of events[0]
	last        int // index of the latest event delivered, -1 for none
	events      []queuedEvent
	waiting     int // in the queue
}

type queuedEvent struct {
	serial int
	state  eventState
}

// eventState is what has happened to an event.
type eventState int

const (
	eventQueued eventState = iota
	eventDelivered
	eventAccepted
	eventRebuffered
	eventDiscarded
)

func (p *poolModel) wants(t events.Type) bool {
	return slices.ContainsFunc(p.conf.Events, func(name string) bool { return t.Is(events.Type(name)) })
}

func (p *poolModel) published(e events.Event) {
	if p.initialized && p.wants(e.Type) {
		p.add(int(e.Serial))
	}
}

func (p *poolModel) add(serial int) {
	p.events = append(p.events, queuedEvent{serial: serial})
	p.waiting++
}

// delivered notes a delivery and returns the index of the event.
func (p *poolModel) delivered(serial, poolSerial int) int {
	p.model.mu.Lock()
	defer p.model.mu.Unlock()
	if !p.initialized {
		p.initialized, p.firstSerial = true, poolSerial
		for i := serial; i < len(p.model.history); i++ {
			if p.wants(p.model.history[i]) {
				p.add(i)
			}
		}
	}
	i := poolSerial - p.firstSerial
	if i < 0 || i >= len(p.events) || p.events[i].serial != serial {
		p.model.violatedLocked("%s delivers event %d as %d, but %+v from %d on should be", p.name, serial, poolSerial, p.events, p.firstSerial)
		return 0
	}
	e := &p.events[i]
	if e.state != eventRebuffered && (e.state != eventQueued || i < p.last) {
		p.model.violatedLocked("%s delivers event %d, whose state was %d, after %d", p.name, serial, e.state, p.last)
	}
	e.state = eventDelivered
	p.last = max(p.last, i)
	p.waiting--
	return i
}

func (p *poolModel) accepted(i int) {
	p.model.mu.Lock()
	defer p.model.mu.Unlock()
	p.events[i].state = eventAccepted
}

func (p *poolModel) rebuffered(i int) {
	p.model.mu.Lock()
	defer p.model.mu.Unlock()
	p.events[i].state = eventRebuffered
	p.waiting++
}

func (p *poolModel) discarded(serial int) {
	i, found := slices.BinarySearchFunc(p.events, serial, func(e queuedEvent, s int) int { return e.serial - s })
	if !found {
		return // before the first delivery
	}
	if f := p.events[i].state; f != eventQueued && f != eventRebuffered {
		p.model.violatedLocked("%s discards event %d, whose state was %d", p.name, serial, f)
	}
	p.events[i].state = eventDiscarded
	p.waiting--
}
