package health

import (
	"container/heap"
	"context"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"supervisor/supervisord/config"
	"supervisor/supervisord/policy/probe"
	"supervisor/supervisord/process"
	"supervisor/supervisord/system/notify"
)

// Options is what a monitor needs.
type Options struct {
	Spawner probe.Spawner // of commands that are run as probes
	Dir     string        // of the notify sockets, see notify.NewHub
	Log     *slog.Logger
	// GiveUp ends the daemon, for health_action=exit. It must not block.
	GiveUp func(cause string, code int)
	// Ask asks once, nil for a probe.Checker. It ends when ctx does.
	Ask func(ctx context.Context, p *process.Process, about config.Probe) error
	// Dice returns a number from 0 to 1, nil for a random one.
	Dice func() float64
}

// Monitor watches over all programs that are to be ready or healthy.
type Monitor struct {
	Options
	hub     *notify.Hub
	news    chan struct{} // somebody has changed
	said    chan notify.Heard
	answers chan answer
	ended   chan struct{} // closed when Run has returned

	mu      sync.Mutex
	changed map[*process.Process]bool
	told    map[string]bool           // full names of processes whose children have told something in their output
	ears    map[string]*ear           // of the next or present children, by full name
	notes   map[*process.Process]Note // what they say of themselves
	past    map[string]Legacy         // of children that have been handed over

	// These belong to Run:
	subjects map[*process.Process]*subject
	byName   map[string]*subject
	agenda   agenda
	workers  sync.WaitGroup
}

// New returns a monitor. It does nothing before Run.
func New(o Options) *Monitor {
	m := &Monitor{
		Options: o, news: make(chan struct{}, 1), said: make(chan notify.Heard), answers: make(chan answer), ended: make(chan struct{}),
		changed: make(map[*process.Process]bool), told: make(map[string]bool), ears: make(map[string]*ear), notes: make(map[*process.Process]Note),
		subjects: make(map[*process.Process]*subject), byName: make(map[string]*subject),
	}
	if m.Ask == nil {
		m.Ask = m.check
	}
	if m.Dice == nil {
		m.Dice = rand.Float64
	}
	m.hub = notify.NewHub(o.Dir, func(h notify.Heard) {
		select {
		case m.said <- h:
		case <-m.ended:
		}
	})
	return m
}

// check makes a probe on behalf of a program: a command is run as the program is.
func (m *Monitor) check(ctx context.Context, p *process.Process, about config.Probe) error {
	c := probe.Checker{Spawner: m.Spawner, Spec: p.Errand}
	return c.Check(ctx, about)
}

// asksFor tells whether there is anything to find out about a process.
func asksFor(c *config.Process) bool {
	return c.Ready.Kind != config.NoProbe || c.Health.Kind != config.NoProbe
}

// Changed takes note of a change of a process, see supervisor.Observe.
func (m *Monitor) Changed(p *process.Process) {
	if !asksFor(p.Current()) && !asksFor(p.Config) {
		return
	}
	m.mu.Lock()
	m.changed[p] = true
	m.mu.Unlock()
	m.wake()
}

// tell has Run look at the process of that name. It never blocks.
func (m *Monitor) tell(name string) {
	m.mu.Lock()
	m.told[name] = true
	m.mu.Unlock()
	m.wake()
}

func (m *Monitor) wake() {
	select {
	case m.news <- struct{}{}:
	default: // Run will look anyway
	}
}

// Run watches until ctx ends. All that it has begun has ended when it returns.
func (m *Monitor) Run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer m.workers.Wait()
	defer close(m.ended)
	defer cancel()
	m.workers.Go(func() { m.hub.Run(ctx) })
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		if at, ok := m.agenda.next(); ok {
			timer.Reset(max(time.Until(at), 0))
		} else {
			timer.Stop()
		}
		select {
		case <-m.news:
			m.attend(ctx)
		case h := <-m.said:
			m.hear(ctx, h)
		case a := <-m.answers:
			m.take(a)
		case <-timer.C:
			m.keepAppointments(time.Now())
		case <-ctx.Done():
			for _, s := range m.subjects {
				s.leave()
			}
			return
		}
	}
}

// attend looks at all processes of which there is news.
func (m *Monitor) attend(ctx context.Context) {
	changed, told := m.takeNews()
	for _, p := range changed {
		m.look(ctx, p)
	}
	for _, name := range told {
		if s := m.byName[name]; s != nil {
			m.look(ctx, s.p)
		}
	}
}

func (m *Monitor) takeNews() (changed []*process.Process, told []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	changed, told = slices.Collect(maps.Keys(m.changed)), slices.Collect(maps.Keys(m.told))
	clear(m.changed)
	clear(m.told)
	return changed, told
}

// keepAppointments does all that is due.
func (m *Monitor) keepAppointments(now time.Time) {
	for {
		at, ok := m.agenda.next()
		if !ok || at.After(now) {
			return
		}
		a := heap.Pop(&m.agenda).(*appointment)
		a.of.meet(a, now)
	}
}

// appointment is something to be done about a subject at some time.
type appointment struct {
	of    *subject
	what  purpose
	at    time.Time
	index int // in the agenda, -1 while it is not there
}

// purpose is why a subject is asked.
type purpose int

const (
	forReadiness purpose = iota
	forHealth
	numPurposes
)

// agenda is a heap of appointments, the next one first.
type agenda []*appointment

func (a agenda) next() (time.Time, bool) {
	if len(a) == 0 {
		return time.Time{}, false
	}
	return a[0].at, true
}

// set makes or moves an appointment.
func (a *agenda) set(p *appointment, at time.Time) {
	p.at = at
	if p.index >= 0 {
		heap.Fix(a, p.index)
		return
	}
	heap.Push(a, p)
}

// cancel takes an appointment out, if it is there.
func (a *agenda) cancel(p *appointment) {
	if p.index >= 0 {
		heap.Remove(a, p.index)
	}
}

// Len implements heap.Interface, as the following do.
func (a agenda) Len() int { return len(a) }

// Less puts the earlier one first.
func (a agenda) Less(i, j int) bool { return a[i].at.Before(a[j].at) }

// Swap exchanges two.
func (a agenda) Swap(i, j int) {
	a[i], a[j] = a[j], a[i]
	a[i].index, a[j].index = i, j
}

// Push adds one at the end.
func (a *agenda) Push(x any) {
	p := x.(*appointment)
	p.index = len(*a)
	*a = append(*a, p)
}

// Pop removes the last one.
func (a *agenda) Pop() any {
	last := len(*a) - 1
	p := (*a)[last]
	(*a)[last] = nil
	*a = (*a)[:last]
	p.index = -1
	return p
}
