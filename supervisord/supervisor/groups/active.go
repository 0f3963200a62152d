package groups

import (
	"context"

	"supervisor/supervisord/events/listener"
	"supervisor/supervisord/process"
)

// Active is a group in use.
type Active struct {
	*process.Group
	Pool    *listener.Pool // nil unless its processes are event listeners
	runners *runners       // shared by all values of the group
}

// runners are the goroutines of the processes of a group.
type runners struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	run    func(context.Context, *process.Process)
	stops  map[*process.Process]context.CancelCauseFunc
	onEnd  func() // nil for nothing
}

// NewActive returns a group none of whose processes runs yet. run starts the goroutine of
// a process, which ends with its context.
func NewActive(ctx context.Context, g *process.Group, run func(context.Context, *process.Process)) *Active {
	r := &runners{run: run, stops: make(map[*process.Process]context.CancelCauseFunc)}
	r.ctx, r.cancel = context.WithCancelCause(ctx)
	return &Active{Group: g, runners: r}
}

// SetPool makes the processes event listeners of a pool. onEnd is called when the group
// ends: the pool is to get no more events.
func (a *Active) SetPool(pool *listener.Pool, onEnd func()) {
	a.Pool, a.runners.onEnd = pool, onEnd
}

// Start starts the goroutine of a process.
func (a *Active) Start(p *process.Process) {
	ctx, cancel := context.WithCancelCause(a.runners.ctx)
	a.runners.stops[p] = cancel
	a.runners.run(ctx, p)
}

// Stop ends the goroutine of a process that has been removed. It does not wait for that.
func (a *Active) Stop(p *process.Process) {
	a.runners.stops[p](process.ErrRemoved)
	delete(a.runners.stops, p)
}

// End ends the goroutines of all processes. It does not wait for that.
func (a *Active) End(reason error) {
	if a.runners.onEnd != nil {
		a.runners.onEnd()
	}
	a.runners.cancel(reason)
}
