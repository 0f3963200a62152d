package rolling

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor"
)

// requester is who asks for what a rolling restart does.
const requester = "a rolling restart"

// programSet are the processes of one program that take turns.
type programSet struct {
	group, section string
	list           []*process.Process // in the order of process_num
	named          bool               // each was named, so that one at rest is mentioned
}

// Restart begins a rolling restart of processes and whole groups, by name. It is
// refused with BAD_NAME, or FAILED where there can be none. Options are those of
// ParseAsk.
func (o *Operations) Restart(names []string, options map[string]string) (id string, err error) {
	params, err := ParseParams(options)
	if err != nil {
		return "", err
	}
	sets, err := o.programSets(names)
	if err != nil {
		return "", err
	}
	var groups []string
	for _, u := range sets {
		if !slices.Contains(groups, u.group) {
			groups = append(groups, u.group)
		}
		if _, err := o.surge(u, params); err != nil {
			return "", err
		}
	}
	return o.begin("rolling restart", groups, func(ctx context.Context, op *operation) error {
		for i, u := range sets {
			w := &rollout{operation: op, params: params, rolling: policyOf(u.list).Rolling}
			for _, later := range sets[i+1:] {
				w.later = append(w.later, later.wanted()...)
			}
			if err := w.restart(ctx, u); err != nil {
				return err
			}
		}
		return nil
	})
}

// programSets finds what names mean, and sorts it by programs.
func (o *Operations) programSets(names []string) ([]*programSet, error) {
	var sets []*programSet
	add := func(p *process.Process, named bool) {
		i := slices.IndexFunc(sets, func(u *programSet) bool { return u.group == p.Config.Group && u.section == p.Config.Section })
		if i < 0 {
			i = len(sets)
			sets = append(sets, &programSet{group: p.Config.Group, section: p.Config.Section})
		}
		if u := sets[i]; !slices.Contains(u.list, p) {
			u.list, u.named = append(u.list, p), u.named || named
		}
	}
	for _, name := range names {
		list, err := o.supervisor.Named(name)
		if err != nil {
			return nil, err
		}
		for _, p := range list {
			add(p, !namespec.Parse(name).WholeGroup())
		}
	}
	for _, u := range sets {
		slices.SortFunc(u.list, func(a, b *process.Process) int { return cmp.Compare(a.Config.Num, b.Config.Num) })
	}
	return sets, nil
}

func policyOf(list []*process.Process) *config.Policy {
	if len(list) == 0 {
		return &config.Policy{}
	}
	return &list[0].CurrentConfig().Policy
}

// surge is how many further processes run while those of a unit take turns. It
// is FAILED if some are wanted and there can be none.
func (o *Operations) surge(u *programSet, params Params) (int, error) {
	if len(u.list) == 0 {
		return 0, nil
	}
	c := u.list[0].CurrentConfig()
	n := c.Rolling.Surge
	if params.Surge != nil {
		n = *params.Surge
	}
	scaleErr := o.checkScalable(u.group, u.section, len(u.list)+1)
	if n == 0 && params.Surge == nil && scaleErr == nil && (len(c.Listen) > 0 || c.Socket != nil) {
		return 1, nil // who shares a socket must not leave it alone
	}
	if n > 0 && scaleErr != nil {
		return 0, scaleErr
	}
	return n, nil
}

// rollout is a rolling restart of one program, or update of one group.
type rollout struct {
	*operation
	params  Params
	rolling config.Rolling
	later   []*process.Process // whose turn comes after it
}

// restart restarts the processes of a unit in batches.
func (w *rollout) restart(ctx context.Context, u *programSet) error {
	list := u.wanted()
	for _, p := range u.list {
		if u.named && !slices.Contains(list, p) {
			w.reportDone(p.FullName(), "skipped (not running)")
		}
	}
	if len(list) == 0 {
		return nil
	}
	surge, err := w.surge(u, w.params)
	if err != nil {
		return err
	}
	if surge > 0 {
		defer w.cleanUpSurplus(ctx, u.group, u.section, "stopped")
		switch err := w.addSurplus(ctx, u, surge, false); {
		case !w.shouldStop(ctx, err):
		case errors.Is(err, errAborted):
			return cmp.Or(context.Cause(ctx), w.abortedError(list))
		default:
			return err
		}
	}
	return w.runBatches(ctx, list, func(ctx context.Context, p *process.Process) (string, error) {
		return "restarted", w.restartProcess(ctx, p)
	})
}

// wanted are the processes of a unit that are not at rest.
func (u *programSet) wanted() []*process.Process {
	var list []*process.Process
	for _, p := range u.list {
		if isWanted(p) {
			list = append(list, p)
		}
	}
	return list
}

// isWanted reports whether a process runs, or would if it could.
func isWanted(p *process.Process) bool {
	st := p.Status().State
	return st.IsRunning() || st == states.Fatal || st == states.Stopping && p.Status().StartPending
}

// addSurplus starts further processes of a program and waits until they are
// RUNNING.
func (w *rollout) addSurplus(ctx context.Context, u *programSet, surge int, pending bool) error {
	sc, err := w.supervisor.Scale(u.group, u.section)
	if err != nil {
		return err
	}
	if sc.Surplus > 0 {
		return faults.New(faults.Failed, u.group+": there is a surplus that could not be removed")
	}
	sc.Numprocs, sc.Surplus = sc.Numprocs+surge, surge
	added, err := w.supervisor.Grow(sc, pending)
	if err != nil {
		return err
	}
	w.markProvisional(added...)
	return w.runParallel(ctx, added, func(ctx context.Context, p *process.Process) (string, error) {
		return "started", w.start(ctx, p, requester, true)
	})
}

// start starts a process, with what it depends on, and waits until it is RUNNING
// if it is to.
func (op *operation) start(ctx context.Context, p *process.Process, by string, wait bool) error {
	_, err := op.supervisor.StartProcess(ctx, p.FullName(), supervisor.Call{By: by, Wait: wait})
	return err
}

// runBatches does something to processes, a batch at a time.
func (w *rollout) runBatches(ctx context.Context, list []*process.Process, do step) error {
	size := w.rolling.Batch
	if w.params.Batch != (config.Share{}) {
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

// shouldStop reports whether the work ends with a step that has come to err. It goes
// on after a failure of a process, which has been told, if that is asked for: the
// other processes are not to suffer from one. What is no process's failure, as
// that there can be no surplus, always ends it, and so does ctx.
func (w *rollout) shouldStop(ctx context.Context, err error) bool {
	return err != nil && (!w.params.ContinueOnError || !errors.Is(err, errAborted) || ctx.Err() != nil)
}

// errAborted is the end of a rolling restart because of what has been told.
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

// step does something to a process and returns what has been done, in a word.
type step func(context.Context, *process.Process) (verb string, err error)

// runParallel does something to several processes at once, each within the time
// that is asked for, and tells of each, in order. The error says that there was a
// failure.
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

// withTimeout limits the time for something.
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

// restartProcess stops a process, starts it and waits until it is RUNNING. Both is asked
// for at once, so that it does not stay stopped if the daemon ends meanwhile.
func (w *rollout) restartProcess(ctx context.Context, p *process.Process) error {
	if _, _, err := p.Command(); err != nil {
		return err // before it is stopped
	}
	defer applyDrainTimeout(p)()
	name := p.FullName()
	stop := p.StopBy(requester, name, false)
	if err := stop.Wait(ctx); err != nil && !hasCode(err, faults.NotRunning) {
		return err
	}
	return p.StartBy(requester, name, true).Wait(ctx)
}

// stopAndRemove removes a process once it has stopped. One that somebody has started
// meanwhile, as the daemon does with all when it starts, is stopped again.
func (op *operation) stopAndRemove(ctx context.Context, p *process.Process, stopped process.Answer) error {
	for {
		if err := waitStopped(ctx, p, stopped); err != nil {
			return err
		}
		if err := op.supervisor.Shrink(p); !hasCode(err, faults.StillRunning) {
			return err
		}
		stopped = p.StopBy(requester, p.FullName(), true)
	}
}

// waitStopped waits for the answer to a stop, and for the end of a process that was on
// its way to stop already, or of its post_stop: it refuses another stop. One that
// is UNKNOWN has a child, which nobody must lose sight of.
func waitStopped(ctx context.Context, p *process.Process, stopped process.Answer) error {
	err := stopped.Wait(ctx)
	if hasCode(err, faults.NotRunning) {
		err = p.Shutdown().Wait(ctx)
	}
	if st := p.Status(); err == nil && st.State == states.Unknown {
		return faults.New(faults.Failed, fmt.Sprintf("it is UNKNOWN, its child (pid %d) can't be stopped", st.PID))
	}
	return err
}

// maxDrain is how long drain_timeout=infinity waits.
const maxDrain = 10 * 365 * 24 * time.Hour

// applyDrainTimeout has a process get drain_timeout to stop, if that is more than it gets
// otherwise, until the returned function is called.
func applyDrainTimeout(p *process.Process) (end func()) {
	conf := p.CurrentConfig()
	extended := *conf
	wait := min(conf.Rolling.DrainTimeout, maxDrain)
	if wait <= time.Duration(conf.StopWaitSecs)*time.Second {
		return func() {}
	}
	extended.StopWaitSecs = int((wait + time.Second - 1) / time.Second)
	if steps := slices.Clone(conf.Stop.Sequence); len(steps) > 0 {
		steps[0].Wait = max(steps[0].Wait, wait)
		extended.Stop.Sequence = steps
	}
	p.Reconfigure(&extended)
	return func() { p.Reconfigure(conf) }
}

func hasCode(err error, code faults.Code) bool {
	fault, ok := errors.AsType[*faults.Error](err)
	return ok && fault.Code == code
}

// cleanUpSurplus stops the surplus of a program, the highest numbers first, and removes it.
func (w *rollout) cleanUpSurplus(ctx context.Context, group, section, verb string) {
	if ctx.Err() != nil {
		return // that is for the next daemon
	}
	if err := w.removeSurplus(ctx, group, section, verb); err != nil {
		w.report(api.Progress{Name: group, Error: reason(err)})
	}
}

func (op *operation) removeSurplus(ctx context.Context, group, section, verb string) error {
	sc, err := op.supervisor.Scale(group, section)
	if err != nil {
		return err
	}
	members := op.supervisor.Members(group, section)
	surplus := slices.Clone(members[max(len(members)-sc.Surplus, 0):])
	slices.Reverse(surplus)
	op.markProvisional(surplus...)
	answers := make([]process.Answer, len(surplus))
	for i, p := range surplus {
		defer applyDrainTimeout(p)()
		answers[i] = p.StopBy(requester, p.FullName(), true)
	}
	var failures []error
	for i, p := range surplus {
		err := op.stopAndRemove(ctx, p, answers[i])
		if err == nil {
			op.reportDone(p.FullName(), verb)
		}
		failures = append(failures, err)
	}
	return errors.Join(failures...)
}
