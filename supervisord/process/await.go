package process

import (
	"context"

	"supervisor/supervisord/process/machine"
)

// Await waits until a condition holds for the status, at once if it does. The
// condition is looked at by the process's owner after every step, so that no
// moment is missed; it must not block. Its error is the answer's. When ctx has
// ended the process forgets about it, sooner or later. When the process is removed
// (ErrRemoved), or has been, the answer is BAD_NAME.
func (p *Process) Await(ctx context.Context, done func(*Status) (bool, error)) Answer {
	return p.request(&request{in: machine.Input{Kind: machine.StatusAwaited}, done: done, ctx: ctx})
}

// isCancelled tells whether nobody waits for the answer any more.
func (r *request) isCancelled() bool { return r.ctx != nil && r.ctx.Err() != nil }
