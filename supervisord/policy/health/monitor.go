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
	Dir     string        // of the notify sockets, see notify.NewReceiver
	Log     *slog.Logger
	// ExitWith makes the daemon exit, for health_action=exit. It must not block.
	ExitWith func(reason string, code int)
	// Probe runs a probe once; nil for a probe.Checker. It ends when ctx does.
	Probe func(ctx context.Context, p *process.Process, about config.Probe) error
	// Random returns a number from 0 to 1; nil for rand.Float64.
	Random func() float64
}

// Monitor watches all programs that have ready= or health=.
type Monitor struct {
	Options
	receiver *notify.Receiver
	wakeup   chan struct{} // changed or matched is not empty
	messages chan notify.Received
	results  chan probeResult
	done     chan struct{} // closed when Run has returned

	mu           sync.Mutex
	changed      map[*process.Process]bool
	matched      map[string]bool                  // full names of processes whose output has matched ready = log:
	providers    map[string]*provider             // by full name
	notifyStates map[*process.Process]NotifyState // reported by sd_notify
	saved        map[string]ChildState            // of children that an earlier daemon handed over

	// These belong to Run:
	watched map[*process.Process]*watchedProcess
	byName  map[string]*watchedProcess
	timers  timerHeap
	workers sync.WaitGroup
}

// New returns a monitor. It does nothing before Run.
func New(o Options) *Monitor {
	m := &Monitor{
		Options: o, wakeup: make(chan struct{}, 1), messages: make(chan notify.Received), results: make(chan probeResult), done: make(chan struct{}),
		changed: make(map[*process.Process]bool), matched: make(map[string]bool), providers: make(map[string]*provider), notifyStates: make(map[*process.Process]NotifyState),
		watched: make(map[*process.Process]*watchedProcess), byName: make(map[string]*watchedProcess),
	}
	if m.Probe == nil {
		m.Probe = m.runProbe
	}
	if m.Random == nil {
		m.Random = rand.Float64
	}
	m.receiver = notify.NewReceiver(o.Dir, func(h notify.Received) {
		select {
		case m.messages <- h:
		case <-m.done:
		}
	})
	return m
}

// runProbe runs a probe for a process; a command is run as the program's user.
func (m *Monitor) runProbe(ctx context.Context, p *process.Process, about config.Probe) error {
	c := probe.Checker{Spawner: m.Spawner, Spec: p.HookSpec}
	return c.Check(ctx, about)
}

// hasProbe reports whether a process has ready= or health=.
func hasProbe(c *config.Process) bool {
	return c.Ready.Kind != config.NoProbe || c.Health.Kind != config.NoProbe
}

// Changed notes that the status of a process has changed, see supervisor.Observe.
// It never blocks.
func (m *Monitor) Changed(p *process.Process) {
	if !hasProbe(p.CurrentConfig()) && !hasProbe(p.Config) {
		return
	}
	m.mu.Lock()
	m.changed[p] = true
	m.mu.Unlock()
	m.wake()
}

// reportMatch notes that the output of the process of that name has matched. It
// never blocks.
func (m *Monitor) reportMatch(name string) {
	m.mu.Lock()
	m.matched[name] = true
	m.mu.Unlock()
	m.wake()
}

func (m *Monitor) wake() {
	select {
	case m.wakeup <- struct{}{}:
	default: // a wakeup is pending
	}
}

// Run watches until ctx ends. When it returns, all its goroutines have ended.
func (m *Monitor) Run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer m.workers.Wait()
	defer close(m.done)
	defer cancel()
	m.workers.Go(func() { m.receiver.Run(ctx) })
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		if at, ok := m.timers.next(); ok {
			timer.Reset(max(time.Until(at), 0))
		} else {
			timer.Stop()
		}
		select {
		case <-m.wakeup:
			m.handleChanges(ctx)
		case h := <-m.messages:
			m.handleMessage(ctx, h)
		case a := <-m.results:
			m.handleResult(a)
		case <-timer.C:
			m.fireTimers(time.Now())
		case <-ctx.Done():
			for _, s := range m.watched {
				s.detachChild()
			}
			return
		}
	}
}

// handleChanges refreshes all processes that have changed.
func (m *Monitor) handleChanges(ctx context.Context) {
	changed, matched := m.takeChanges()
	for _, p := range changed {
		m.refresh(ctx, p)
	}
	for _, name := range matched {
		if s := m.byName[name]; s != nil {
			m.refresh(ctx, s.p)
		}
	}
}

func (m *Monitor) takeChanges() (changed []*process.Process, matched []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	changed, matched = slices.Collect(maps.Keys(m.changed)), slices.Collect(maps.Keys(m.matched))
	clear(m.changed)
	clear(m.matched)
	return changed, matched
}

// fireTimers handles all timers that are due.
func (m *Monitor) fireTimers(now time.Time) {
	for {
		at, ok := m.timers.next()
		if !ok || at.After(now) {
			return
		}
		a := heap.Pop(&m.timers).(*probeTimer)
		a.process.timerFired(a, now)
	}
}

// probeTimer is when a process is to be probed next, or has to have reported.
type probeTimer struct {
	process *watchedProcess
	purpose purpose
	at      time.Time
	index   int // in the heap, -1 while it is not set
}

// purpose is what a probe is for.
type purpose int

const (
	forReadiness purpose = iota
	forHealth
	numPurposes
)

// timerHeap is a heap of timers, the next one first.
type timerHeap []*probeTimer

func (a timerHeap) next() (time.Time, bool) {
	if len(a) == 0 {
		return time.Time{}, false
	}
	return a[0].at, true
}

// set sets a timer or changes its time.
func (a *timerHeap) set(p *probeTimer, at time.Time) {
	p.at = at
	if p.index >= 0 {
		heap.Fix(a, p.index)
		return
	}
	heap.Push(a, p)
}

// cancel removes a timer, if it is set.
func (a *timerHeap) cancel(p *probeTimer) {
	if p.index >= 0 {
		heap.Remove(a, p.index)
	}
}

// Len implements heap.Interface, as do the next four methods.
func (a timerHeap) Len() int { return len(a) }

// Less implements heap.Interface.
func (a timerHeap) Less(i, j int) bool { return a[i].at.Before(a[j].at) }

// Swap implements heap.Interface.
func (a timerHeap) Swap(i, j int) {
	a[i], a[j] = a[j], a[i]
	a[i].index, a[j].index = i, j
}

// Push implements heap.Interface.
func (a *timerHeap) Push(x any) {
	p := x.(*probeTimer)
	p.index = len(*a)
	*a = append(*a, p)
}

// Pop implements heap.Interface.
func (a *timerHeap) Pop() any {
	last := len(*a) - 1
	p := (*a)[last]
	(*a)[last] = nil
	*a = (*a)[:last]
	p.index = -1
	return p
}
