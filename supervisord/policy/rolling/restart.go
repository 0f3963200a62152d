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

// by is who asks for what a rolling restart does.
const by = "a rolling restart"

// unit are the processes of one program that take turns.
type unit struct {
	group, section string
	list           []*process.Process // in the order of process_num
	named          bool               // each was named, so that one at rest is mentioned
}

// Restart begins a rolling restart of processes and whole groups, by name. It is
// refused with BAD_NAME, or FAILED where there can be none. Options are those of
// ParseAsk.
func (o *Operations) Restart(names []string, options map[string]string) (id string, err error) {
	ask, err := ParseAsk(options)
	if err != nil {
		return "", err
	}
	units, err := o.units(names)
	if err != nil {
		return "", err
	}
	var groups []string
	for _, u := range units {
		if !slices.Contains(groups, u.group) {
			groups = append(groups, u.group)
		}
		if _, err := o.surge(u, ask); err != nil {
			return "", err
		}
	}
	return o.begin("rolling restart", groups, func(ctx context.Context, op *operation) error {
		for i, u := range units {
			w := &work{operation: op, ask: ask, rolling: policyOf(u.list).Rolling}
			for _, later := range units[i+1:] {
				w.later = append(w.later, later.wanted()...)
			}
			if err := w.restart(ctx, u); err != nil {
				return err
			}
		}
		return nil
	})
}

// units finds what names mean, and sorts it by programs.
func (o *Operations) units(names []string) ([]*unit, error) {
	var units []*unit
	add := func(p *process.Process, named bool) {
		i := slices.IndexFunc(units, func(u *unit) bool { return u.group == p.Config.Group && u.section == p.Config.Section })
		if i < 0 {
			i = len(units)
			units = append(units, &unit{group: p.Config.Group, section: p.Config.Section})
		}
		if u := units[i]; !slices.Contains(u.list, p) {
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
	for _, u := range units {
		slices.SortFunc(u.list, func(a, b *process.Process) int { return cmp.Compare(a.Config.Num, b.Config.Num) })
	}
	return units, nil
}

func policyOf(list []*process.Process) *config.Policy {
	if len(list) == 0 {
		return &config.Policy{}
	}
	return &list[0].Current().Policy
}

// surge is how many further processes run while those of a unit take turns. It
// is FAILED if some are wanted and there can be none.
func (o *Operations) surge(u *unit, ask Ask) (int, error) {
	if len(u.list) == 0 {
		return 0, nil
	}
	c := u.list[0].Current()
	n := c.Rolling.Surge
	if ask.Surge != nil {
		n = *ask.Surge
	}
	can := o.canScale(u.group, u.section, len(u.list)+1)
	if n == 0 && ask.Surge == nil && can == nil && (len(c.Listen) > 0 || c.Socket != nil) {
		return 1, nil // who shares a socket must not leave it alone
	}
	if n > 0 && can != nil {
		return 0, can
	}
	return n, nil
}

// work is a rolling restart of one program, or update of one group.
type work struct {
	*operation
	ask     Ask
	rolling config.Rolling
	later   []*process.Process // whose turn comes after it
}

// restart restarts the processes of a unit in batches.
func (w *work) restart(ctx context.Context, u *unit) error {
	list := u.wanted()
	for _, p := range u.list {
		if u.named && !slices.Contains(list, p) {
			w.done(p.FullName(), "skipped (not running)")
		}
	}
	if len(list) == 0 {
		return nil
	}
	surge, err := w.surge(u, w.ask)
	if err != nil {
		return err
	}
	if surge > 0 {
		defer w.retire(ctx, u.group, u.section, "stopped")
		switch err := w.reinforce(ctx, u, surge, false); {
		case !w.stopsAt(ctx, err):
		case errors.Is(err, errGivenUp):
			return cmp.Or(context.Cause(ctx), w.givenUp(list))
		default:
			return err
		}
	}
	return w.batches(ctx, list, func(ctx context.Context, p *process.Process) (string, error) {
		return "restarted", w.again(ctx, p)
	})
}

// wanted are the processes of a unit that are not at rest.
func (u *unit) wanted() []*process.Process {
	var list []*process.Process
	for _, p := range u.list {
		if isWanted(p) {
			list = append(list, p)
		}
	}
	return list
}

// isWanted tells whether a process runs, or would if it could.
func isWanted(p *process.Process) bool {
	st := p.Status().State
	return st.IsRunning() || st == states.Fatal || st == states.Stopping && p.Status().Again
}

// reinforce starts further processes of a program and waits until they are
// RUNNING.
func (w *work) reinforce(ctx context.Context, u *unit, surge int, pending bool) error {
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
	w.try(added...)
	return w.together(ctx, added, func(ctx context.Context, p *process.Process) (string, error) {
		return "started", w.start(ctx, p, by, true)
	})
}

// start starts a process, with what it depends on, and waits until it is RUNNING
// if it is to.
func (op *operation) start(ctx context.Context, p *process.Process, by string, wait bool) error {
	_, err := op.supervisor.StartProcess(supervisor.As(ctx, by), p.FullName(), wait)
	return err
}

// batches does something to processes, a batch at a time.
func (w *work) batches(ctx context.Context, list []*process.Process, do step) error {
	size := w.rolling.Batch
	if w.ask.Batch != (config.Share{}) {
		size = w.ask.Batch
	}
	pause := w.rolling.Pause
	if w.ask.Pause != nil {
		pause = *w.ask.Pause
	}
	done := 0
	for batch := range slices.Chunk(list, size.Of(len(list))) {
		if done > 0 && !sleep(ctx, pause) {
			return context.Cause(ctx)
		}
		done += len(batch)
		err := w.together(ctx, batch, do)
		if w.stopsAt(ctx, err) {
			return cmp.Or(context.Cause(ctx), w.givenUp(list[done:]))
		}
	}
	return nil
}

// stopsAt reports whether the work ends with a step that has come to err. It goes
// on after a failure of a process, which has been told, if that is asked for: the
// other processes are not to suffer from one. What is no process's failure, as
// that there can be no surplus, always ends it, and so does ctx.
func (w *work) stopsAt(ctx context.Context, err error) bool {
	return err != nil && (!w.ask.GoOn || !errors.Is(err, errGivenUp) || ctx.Err() != nil)
}

// errGivenUp is the end of a rolling restart because of what has been told.
var errGivenUp = errors.New("given up")

func (w *work) givenUp(rest []*process.Process) error {
	rest = slices.Concat(rest, w.later)
	switch len(rest) {
	case 0:
		return fmt.Errorf("%w", errGivenUp)
	case 1:
		return fmt.Errorf("%w, %s is as it was", errGivenUp, rest[0].FullName())
	}
	return fmt.Errorf("%w, %d of them are as they were, from %s on", errGivenUp, len(rest), rest[0].FullName())
}

// sleep tells whether the time has passed before ctx ended.
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

// together does something to several processes at once, each within the time
// that is asked for, and tells of each, in order. The error says that there was a
// failure.
func (w *work) together(ctx context.Context, list []*process.Process, do step) error {
	type outcome struct {
		verb string
		err  error
	}
	outcomes := make([]chan outcome, len(list))
	for i, p := range list {
		outcomes[i] = make(chan outcome, 1)
		go func() { // ends when ctx does, at the latest
			var o outcome
			o.err = w.within(ctx, func(ctx context.Context) (err error) {
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
			w.fault(p, o.err)
			failed = errGivenUp
		case o.verb != "":
			w.done(p.FullName(), o.verb)
		}
	}
	return failed
}

// within limits the time for something.
func (w *work) within(ctx context.Context, do func(context.Context) error) error {
	if w.ask.Timeout > 0 {
		why := fmt.Errorf("not done after %s", w.ask.Timeout)
		limited, cancel := context.WithTimeoutCause(ctx, w.ask.Timeout, why)
		defer cancel()
		if err := do(limited); !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		return why
	}
	return do(ctx)
}

// again stops a process, starts it and waits until it is RUNNING. Both is asked
// for at once, so that it does not stay stopped if the daemon ends meanwhile.
func (w *work) again(ctx context.Context, p *process.Process) error {
	if _, _, err := p.Command(); err != nil {
		return err // before it is stopped
	}
	defer drain(p)()
	name := p.FullName()
	stop := p.StopBy(by, name, false)
	if err := stop.Wait(ctx); err != nil && !is(err, faults.NotRunning) {
		return err
	}
	return p.StartBy(by, name, true).Wait(ctx)
}

// shrink removes a process once it has stopped. One that somebody has started
// meanwhile, as the daemon does with all when it starts, is stopped again.
func (op *operation) shrink(ctx context.Context, p *process.Process, stopped process.Answer) error {
	for {
		if err := atRest(ctx, p, stopped); err != nil {
			return err
		}
		if err := op.supervisor.Shrink(p); !is(err, faults.StillRunning) {
			return err
		}
		stopped = p.StopBy(by, p.FullName(), true)
	}
}

// atRest waits for the answer to a stop, and for the end of a process that was on
// its way to stop already, or of its post_stop: it refuses another stop. One that
// is UNKNOWN has a child, which nobody must lose sight of.
func atRest(ctx context.Context, p *process.Process, stopped process.Answer) error {
	err := stopped.Wait(ctx)
	if is(err, faults.NotRunning) {
		err = p.Abort().Wait(ctx)
	}
	if st := p.Status(); err == nil && st.State == states.Unknown {
		return faults.New(faults.Failed, fmt.Sprintf("it is UNKNOWN, its child (pid %d) can't be stopped", st.PID))
	}
	return err
}

// longest is how long drain_timeout=infinity waits.
const longest = 10 * 365 * 24 * time.Hour

// drain has a process get drain_timeout to stop, if that is more than it gets
// otherwise, until the returned function is called.
func drain(p *process.Process) (end func()) {
	conf := p.Current()
	patient := *conf
	wait := min(conf.Rolling.DrainTimeout, longest)
	if wait <= time.Duration(conf.StopWaitSecs)*time.Second {
		return func() {}
	}
	patient.StopWaitSecs = int((wait + time.Second - 1) / time.Second)
	if steps := slices.Clone(conf.Stop.Sequence); len(steps) > 0 {
		steps[0].Wait = max(steps[0].Wait, wait)
		patient.Stop.Sequence = steps
	}
	p.Reconfigure(&patient)
	return func() { p.Reconfigure(conf) }
}

func is(err error, code faults.Code) bool {
	fault, ok := errors.AsType[*faults.Error](err)
	return ok && fault.Code == code
}

// retire stops the surplus of a program, the highest numbers first, and removes it.
func (w *work) retire(ctx context.Context, group, section, verb string) {
	if ctx.Err() != nil {
		return // that is for the next daemon
	}
	if err := w.remove(ctx, group, section, verb); err != nil {
		w.tell(api.Progress{Name: group, Error: reason(err)})
	}
}

func (op *operation) remove(ctx context.Context, group, section, verb string) error {
	sc, err := op.supervisor.Scale(group, section)
	if err != nil {
		return err
	}
	members := op.supervisor.Members(group, section)
	surplus := slices.Clone(members[max(len(members)-sc.Surplus, 0):])
	slices.Reverse(surplus)
	op.try(surplus...)
	answers := make([]process.Answer, len(surplus))
	for i, p := range surplus {
		defer drain(p)()
		answers[i] = p.StopBy(by, p.FullName(), true)
	}
	var failures []error
	for i, p := range surplus {
		err := op.shrink(ctx, p, answers[i])
		if err == nil {
			op.done(p.FullName(), verb)
		}
		failures = append(failures, err)
	}
	return errors.Join(failures...)
}
