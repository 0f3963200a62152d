package starts

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor/groups"
	"supervisor/supervisord/supervisor/order"
)

// Options is what starts need.
type Options struct {
	Groups *groups.Table
	Log    *slog.Logger
	// Probe probes once something outside that a process waits for.
	Probe func(context.Context, *process.Process, config.Probe) error
	// Go starts a goroutine, which the caller waits for at the end.
	Go func(func())
	// Forbidden reports whether nothing is to be started any more.
	Forbidden func() bool
	// BatchDone is called when all processes of a batch have been started, nil for
	// nothing. It must not block.
	BatchDone func()
}

// Starts are all starts that are still to be made.
type Starts struct {
	opts Options

	queue []*process.Process // to be started by themselves, in order
	batch []*process.Process // started since the queue was last empty

	deferred map[*process.Process]*deferredStart
	lastSeq  int         // of the latest deferred start
	deadline *time.Timer // of the first depends_timeout to come

	// hasDependencies is set once any process may have to wait for others.
	hasDependencies atomic.Bool
	changes         statusChanges
	probes          sync.Map // of *process.Process to its *waitProbes
}

// New returns no starts.
func New(o Options) *Starts {
	s := &Starts{
		opts:     o,
		deferred: make(map[*process.Process]*deferredStart),
		deadline: time.NewTimer(time.Hour),
		changes: statusChanges{
			wake: make(chan struct{}, 1),
			seen: make(map[*process.Process]*process.Status),
			lost: make(map[*process.Process]order.Conditions),
		},
	}
	s.deadline.Stop()
	return s
}

// Wake receives a value when Check has something to look at, Deadline when a start has
// waited for too long.
func (s *Starts) Wake() <-chan struct{} { return s.changes.wake }

// Deadline is described at Wake.
func (s *Starts) Deadline() <-chan time.Time { return s.deadline.C }

// Notify makes Run call Check. It may be called from anywhere and never blocks.
func (s *Starts) Notify() { s.changes.notify() }

// Enqueue adds the automatic starts among some processes, ordered by priority; equal ones
// stay as listed.
func (s *Starts) Enqueue(processes []*process.Process) {
	list := slices.DeleteFunc(slices.Clone(processes), func(p *process.Process) bool {
		return !p.CurrentConfig().Autostart && p.Status().WaitingFor == ""
	})
	slices.SortStableFunc(list, func(a, b *process.Process) int {
		return cmp.Compare(a.CurrentConfig().Priority, b.CurrentConfig().Priority)
	})
	s.queue = append(s.queue, list...)
}

// HasNext reports whether an automatic start is due.
func (s *Starts) HasNext() bool { return len(s.queue) > 0 }

// Next makes the first automatic start. Nothing is done about a failure: the log has it,
// and the process is started again or not as configured. A start that has to wait is
// deferred.
func (s *Starts) Next(ctx context.Context) {
	p := s.queue[0]
	s.queue = s.queue[1:]
	if s.hasToWait(p) {
		s.deferStart(ctx, p).wanted = true
	} else {
		s.batch = append(s.batch, p)
		p.Autostart()
	}
	if len(s.queue) == 0 {
		s.endBatch()
	}
}

// hasToWait reports whether a process that starts by itself can't do so yet.
func (s *Starts) hasToWait(p *process.Process) bool {
	st := p.Status()
	switch {
	case st.WaitingFor != "" && st.State == states.Stopping: // an earlier daemon left it so
		return true
	case st.WaitingFor != "" && s.deferred[p] != nil: // clients wait for an answer
		return true
	case !s.hasDependencies.Load():
		return false
	}
	isNew := st.State == states.Stopped && st.Started.IsZero() && !st.StartCancelled
	if !isNew && st.WaitingFor == "" {
		return false
	}
	return s.opts.Groups.Graph().HasToWait(p)
}

// endBatch lets all processes started lately know that the others have been started too.
func (s *Starts) endBatch() {
	if len(s.batch) == 0 {
		s.queue = nil
		return
	}
	for _, p := range s.batch {
		p.BatchStarted()
	}
	s.queue, s.batch = nil, nil
	if s.opts.BatchDone != nil {
		s.opts.BatchDone()
	}
}

// Cancel forgets the start of a process that is taken out of use.
func (s *Starts) Cancel(p *process.Process) {
	s.queue = slices.DeleteFunc(s.queue, func(q *process.Process) bool { return q == p })
	s.cancelRemoved(p)
}

// CancelAll forgets all starts, because nothing is started any more.
func (s *Starts) CancelAll() {
	s.queue = nil
	s.cancelAllDeferred()
}
