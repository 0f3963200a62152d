package rolling

import (
	"context"
	"errors"
	"slices"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/process"
)

// surge returns how many additional processes run during the restart of a set. The
// error is FAILED if some are requested and impossible.
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
		return 1, nil // a shared socket must not be without a process
	}
	if n > 0 && scaleErr != nil {
		return 0, scaleErr
	}
	return n, nil
}

// addSurplus starts additional processes of a program and waits until they are RUNNING.
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

// cleanUpSurplus stops and removes the surplus of a program, the highest numbers first.
func (w *rollout) cleanUpSurplus(ctx context.Context, group, section, verb string) {
	if ctx.Err() != nil {
		return // the next daemon does it
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
