package rolling

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"supervisor/supervisord/config/option"
	"supervisor/supervisord/process"
)

// runBatches does a step for processes, a batch at a time.
func (w *rollout) runBatches(ctx context.Context, list []*process.Process, do step) error {
	size := w.rolling.Batch
	if w.params.Batch != (option.Share{}) {
		size = w.params.Batch
	}
	pause := w.rolling.Pause
	if w.params.Pause != nil {
		pause = *w.params.Pause
	}
	done := 0
	for batch := range slices.Chunk(list, size.Of(len(list))) {
		if done > 0 && !sleep(ctx, pause) {
			return context.Cause(ctx)
		}
		done += len(batch)
		err := w.runParallel(ctx, batch, do)
		if w.shouldStop(ctx, err) {
			return cmp.Or(context.Cause(ctx), w.abortedError(list[done:]))
		}
	}
	return nil
}

// shouldStop reports whether the operation stops after a step that returned err. With
// ContinueOnError it goes on after the failure of a process, which has been reported.
// Any other error, as that a surplus is impossible, always stops it, and so does the end
// of ctx.
func (w *rollout) shouldStop(ctx context.Context, err error) bool {
	return err != nil && (!w.params.ContinueOnError || !errors.Is(err, errAborted) || ctx.Err() != nil)
}

// errAborted ends a rolling restart because of failures that have been reported.
var errAborted = errors.New("given up")

func (w *rollout) abortedError(rest []*process.Process) error {
	rest = slices.Concat(rest, w.later)
	switch len(rest) {
	case 0:
		return fmt.Errorf("%w", errAborted)
	case 1:
		return fmt.Errorf("%w, %s is as it was", errAborted, rest[0].FullName())
	}
	return fmt.Errorf("%w, %d of them are as they were, from %s on", errAborted, len(rest), rest[0].FullName())
}

// sleep reports whether the time has passed before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// step does something for a process and returns in a word what it did.
type step func(context.Context, *process.Process) (verb string, err error)

// runParallel does a step for several processes at once, each within the time limit,
// and reports each, in order. The error is errAborted if one failed.
func (w *rollout) runParallel(ctx context.Context, list []*process.Process, do step) error {
	type outcome struct {
		verb string
		err  error
	}
	outcomes := make([]chan outcome, len(list))
	for i, p := range list {
		outcomes[i] = make(chan outcome, 1)
		go func() { // ends when ctx does, at the latest
			var o outcome
			o.err = w.withTimeout(ctx, func(ctx context.Context) (err error) {
				o.verb, err = do(ctx, p)
				return err
			})
			outcomes[i] <- o
		}()
	}
	var failed error
	for i, p := range list {
		switch o := <-outcomes[i]; {
		case o.err != nil:
			w.reportFailure(p, o.err)
			failed = errAborted
		case o.verb != "":
			w.reportDone(p.FullName(), o.verb)
		}
	}
	return failed
}

// withTimeout calls do with the time limit of the parameters.
func (w *rollout) withTimeout(ctx context.Context, do func(context.Context) error) error {
	if w.params.Timeout > 0 {
		why := fmt.Errorf("not done after %s", w.params.Timeout)
		limited, cancel := context.WithTimeoutCause(ctx, w.params.Timeout, why)
		defer cancel()
		if err := do(limited); !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		return why
	}
	return do(ctx)
}
