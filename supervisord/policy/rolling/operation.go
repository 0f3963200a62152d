package rolling

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor"
)

// maxEnded is how many operations that have ended can still be asked about.
const maxEnded = 16

// Operations are all that are under way, and the last ones that have ended. Its
// methods may be called from anywhere.
type Operations struct {
	supervisor     *supervisor.Supervisor
	log            *slog.Logger
	upgradeStarted <-chan struct{}

	daemonID string // tells its operations from those of another one in the same place

	started chan *operation
	closed  chan struct{} // closed when nothing can be begun any more

	provisional sync.Map // of *process.Process, see OnTrial

	mu   sync.Mutex
	all  []*operation // in the order in which they began
	last int          // number of the latest
}

// Options is what operations need.
type Options struct {
	Supervisor *supervisor.Supervisor
	Log        *slog.Logger
	// Leaving is closed when the daemon wants requests to be answered soon; nil
	// for never.
	UpgradeStarted <-chan struct{}
}

// New returns operations of which there are none yet.
func New(o Options) *Operations {
	return &Operations{
		supervisor: o.Supervisor, log: o.Log, upgradeStarted: o.UpgradeStarted,
		daemonID: strconv.FormatInt(time.Now().UnixNano(), 36),
		started:  make(chan *operation), closed: make(chan struct{}),
	}
}

// Run carries operations out until ctx ends, which ends them too, and returns
// when all have ended. First of all it removes what an operation of an earlier
// daemon has left behind.
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

// operation is one of them.
type operation struct {
	*Operations
	id     string
	what   string // in words, for refusals and the log
	groups []string
	do     func(context.Context, *operation) error

	mu      sync.Mutex
	marked  []*process.Process // that are on trial
	lines   []api.Progress
	ended   bool
	failed  bool
	changed chan struct{} // closed when the above have changed
}

// begin has an operation carried out. It is refused with FAILED while there is
// another one in one of its groups.
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

// IsProvisional reports whether a process is there for the time of an operation only, or
// has a configuration that is taken back if it fails: what becomes of it is the
// operation's affair. It never blocks.
func (o *Operations) IsProvisional(p *process.Process) bool {
	_, is := o.provisional.Load(p)
	return is
}

// markProvisional puts processes on trial until the operation ends.
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

// report adds a line to what followers get, and to the log.
func (op *operation) report(p api.Progress) {
	op.log.Info(op.what + ": " + p.String())
	op.mu.Lock()
	defer op.mu.Unlock()
	op.lines = append(op.lines, p)
	op.failed = op.failed || p.Error != ""
	op.notify()
}

func (op *operation) reportDone(name, verb string) { op.report(api.Progress{Name: name, Done: verb}) }

// reportFailure tells of a failure of one process, and what is known of its cause.
func (op *operation) reportFailure(p *process.Process, err error) {
	why := reason(err)
	if now, unknown := op.supervisor.Named(p.FullName()); unknown == nil && len(now) == 1 {
		p = now[0] // it may have been replaced
	}
	if hasCode(err, faults.SpawnError) {
		why = strings.TrimSuffix(cmp.Or(p.Status().SpawnErr, why), " (process log may have details)")
	}
	op.report(api.Progress{Name: p.FullName(), Error: why})
}

func (op *operation) notify() {
	close(op.changed)
	op.changed = make(chan struct{})
}

// reason words an error as supervisorctl words what a call came to.
func reason(err error) string {
	if errors.Is(err, context.Canceled) {
		return "supervisord has ended it"
	}
	fault, ok := errors.AsType[*faults.Error](err)
	if !ok {
		return err.Error()
	}
	switch fault.Code {
	case faults.SpawnError:
		return "spawn error"
	case faults.AbnormalTermination:
		return "abnormal termination"
	case faults.NoFile:
		return "no such file"
	case faults.NotExecutable:
		return "file is not executable"
	case faults.ShutdownState:
		return "supervisor shutting down"
	case faults.Failed:
		return fault.Detail
	}
	return fault.Error()
}

// Explain tells of a process whether its program is scaled, and what is under way
// in its group. It never blocks.
func (o *Operations) Explain(p *process.Process) []api.Reason {
	var reasons []api.Reason
	if sc := o.supervisor.ScaleOf(p.Config.Group, p.Config.Section); sc != (config.Scale{Group: sc.Group, Section: sc.Section}) {
		text := fmt.Sprintf("%s has %d processes, its file says %d", p.Config.Program, sc.Numprocs, sc.Of)
		if sc.Surplus > 0 {
			text += fmt.Sprintf("; %d of them are there until a rolling restart or scale is over", sc.Surplus)
		}
		reasons = append(reasons, api.Reason{Kind: "scale", Text: text})
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, op := range o.all {
		if slices.Contains(op.groups, p.Config.Group) && !op.hasEnded() {
			reasons = append(reasons, api.Reason{Kind: "operation", Text: op.what + " under way"})
		}
	}
	return reasons
}

// Follow returns the lines of an operation from a number on. If there are none
// yet it waits for one, or for the end of the operation, of ctx, or of the daemon's
// patience. It fails with BAD_NAME.
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
