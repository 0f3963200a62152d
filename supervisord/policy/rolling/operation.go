package rolling

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor"
)

// maxEnded is how many operations that have ended can still be followed.
const maxEnded = 16

// Operations are those in progress and the last ones that have ended. Its methods may
// be called from anywhere.
type Operations struct {
	supervisor     *supervisor.Supervisor
	log            *slog.Logger
	upgradeStarted <-chan struct{}

	daemonID string // part of the ids, so that those of an earlier daemon are unknown

	started chan *operation
	closed  chan struct{} // closed when no operation can begin any more

	provisional sync.Map // of *process.Process, see IsProvisional

	mu   sync.Mutex
	all  []*operation // in the order in which they began
	last int          // number of the latest
}

// Options are what New needs.
type Options struct {
	Supervisor *supervisor.Supervisor
	Log        *slog.Logger
	// UpgradeStarted is closed when an upgrade waits for requests to be answered;
	// nil for never.
	UpgradeStarted <-chan struct{}
}

// New returns Operations without any. They do nothing before Run.
func New(o Options) *Operations {
	return &Operations{
		supervisor: o.Supervisor, log: o.Log, upgradeStarted: o.UpgradeStarted,
		daemonID: strconv.FormatInt(time.Now().UnixNano(), 36),
		started:  make(chan *operation), closed: make(chan struct{}),
	}
}

// Run runs operations until ctx ends, which ends them too, and returns when all have
// ended. First it removes the surplus that an operation of an earlier daemon left.
func (o *Operations) Run(ctx context.Context) {
	var all sync.WaitGroup
	defer all.Wait()
	defer close(o.closed)
	all.Go(func() { o.removeStaleSurplus(ctx) })
	for {
		select {
		case op := <-o.started:
			all.Go(func() { op.run(ctx) })
		case <-ctx.Done():
			return
		}
	}
}

// operation is one operation.
type operation struct {
	*Operations
	id     string
	what   string // in words, for refusals and the log
	groups []string
	do     func(context.Context, *operation) error

	mu      sync.Mutex
	marked  []*process.Process // provisional until the operation ends
	lines   []api.Progress
	ended   bool
	failed  bool
	changed chan struct{} // closed when the above have changed
}

// begin starts an operation. It fails with FAILED while another one is in progress in
// one of its groups.
func (o *Operations) begin(what string, groups []string, do func(context.Context, *operation) error) (id string, err error) {
	op := &operation{Operations: o, what: what, groups: groups, do: do, changed: make(chan struct{})}
	if err := o.register(op); err != nil {
		return "", err
	}
	select {
	case o.started <- op:
		return op.id, nil
	case <-o.closed:
		return "", faults.Bare(faults.ShutdownState)
	}
}

func (o *Operations) register(op *operation) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, other := range o.all {
		for _, g := range op.groups {
			if slices.Contains(other.groups, g) && !other.hasEnded() {
				return faults.New(faults.Failed, fmt.Sprintf("%s: %s is under way", g, other.what))
			}
		}
	}
	o.last++
	op.id = o.daemonID + "-" + strconv.Itoa(o.last)
	o.all = append(o.all, op)
	if i := slices.IndexFunc(o.all, (*operation).hasEnded); len(o.all) > maxEnded && i >= 0 {
		o.all = slices.Delete(o.all, i, i+1)
	}
	return nil
}

func (op *operation) hasEnded() bool {
	op.mu.Lock()
	defer op.mu.Unlock()
	return op.ended
}

// IsProvisional reports whether a process exists only during an operation, or has a
// configuration that is taken back if it fails. The operation handles its failure; the
// exit policy ignores it. It never blocks.
func (o *Operations) IsProvisional(p *process.Process) bool {
	_, is := o.provisional.Load(p)
	return is
}

// markProvisional makes processes provisional until the operation ends.
func (op *operation) markProvisional(list ...*process.Process) {
	op.mu.Lock()
	defer op.mu.Unlock()
	op.marked = append(op.marked, list...)
	for _, p := range list {
		op.provisional.Store(p, nil)
	}
}

func (op *operation) clearProvisional() {
	op.mu.Lock()
	defer op.mu.Unlock()
	for _, p := range op.marked {
		op.provisional.Delete(p)
	}
}

func (op *operation) run(ctx context.Context) {
	err := op.do(ctx, op)
	op.clearProvisional()
	if err != nil {
		op.report(api.Progress{Name: strings.Join(op.groups, ","), Error: reason(err)})
	}
	op.mu.Lock()
	defer op.mu.Unlock()
	op.ended, op.failed = true, op.failed || err != nil
	op.notify()
}

// Follow returns the lines of an operation from a number on. If there are none yet, it
// blocks until there is one, the operation or ctx ends, or an upgrade starts. The error
// is BAD_NAME for an unknown id.
func (o *Operations) Follow(ctx context.Context, id string, from int) (api.Operation, error) {
	o.mu.Lock()
	i := slices.IndexFunc(o.all, func(op *operation) bool { return op.id == id })
	if i < 0 {
		o.mu.Unlock()
		return api.Operation{}, faults.New(faults.BadName, id)
	}
	op := o.all[i]
	o.mu.Unlock()
	for {
		state, changed := op.state(from)
		if len(state.Lines) > 0 || state.Ended {
			return state, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return state, nil
		case <-o.upgradeStarted:
			return state, nil
		}
	}
}

func (op *operation) state(from int) (api.Operation, <-chan struct{}) {
	op.mu.Lock()
	defer op.mu.Unlock()
	from = min(max(from, 0), len(op.lines))
	return api.Operation{
		Lines: slices.Clone(op.lines[from:]), Next: len(op.lines), Ended: op.ended, Failed: op.failed,
	}, op.changed
}
