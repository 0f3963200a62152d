package rolling

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor"
)

// requester is named as the requester of what a rolling restart does.
const requester = "a rolling restart"

// programSet is the processes of one program that are restarted in turn.
type programSet struct {
	group, section string
	list           []*process.Process // in the order of process_num
	named          bool               // by name, so that one that does not run is mentioned
}

// Restart starts a rolling restart of processes and whole groups, by name. The options
// are those of ParseParams. The error is BAD_NAME, or FAILED where none is possible.
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

// programSets returns the named processes by program.
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

// rollout is a rolling restart of one program, or an update of one group.
type rollout struct {
	*operation
	params  Params
	rolling config.Rolling
	later   []*process.Process // to be restarted after this program
}

// restart restarts the processes of a set in batches.
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

// wanted returns the processes of a set that run or would if they could.
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

// start starts a process with its dependencies. With wait it blocks until the process is
// RUNNING.
func (op *operation) start(ctx context.Context, p *process.Process, by string, wait bool) error {
	_, err := op.supervisor.StartProcess(ctx, p.FullName(), supervisor.Call{By: by, Wait: wait})
	return err
}

// restartProcess stops a process, starts it and waits until it is RUNNING. Both are
// requested at once, so that it does not stay stopped if the daemon ends meanwhile.
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

// stopAndRemove removes a process once it has stopped. A process that was started
// meanwhile, as the daemon starts all at its own start, is stopped again.
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

// waitStopped waits for the answer to a stop, and also for the end of a process that was
// stopping already, or of its post_stop: it refuses another stop. A process that is
// UNKNOWN still has a child and must not be removed.
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

// maxDrain is the duration of drain_timeout=infinity.
const maxDrain = 10 * 365 * 24 * time.Hour

// applyDrainTimeout gives a process drain_timeout to stop, if that is longer than
// stopwaitsecs, until the returned function is called.
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
