package rolling

import (
	"cmp"
	"context"
	"slices"
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
)

// Update begins to bring an active group to the configuration as last read,
// process by process: only those that need it are restarted, the others take
// over what has changed. If they are to take turns that is done as in a rolling
// restart with these options, and if a new one fails, all go back to what they were.
// It is refused with BAD_NAME, and with UNKNOWN_METHOD where a group is to be
// replaced as a whole, as Supervisor does it.
func (o *Operations) Update(group string, takeTurns bool, options map[string]string) (id string, err error) {
	ask, err := ParseAsk(options)
	if err != nil {
		return "", err
	}
	d, err := o.supervisor.Pending(group)
	switch {
	case err != nil:
		return "", err
	case !takeTurns && (d.Whole != "" || !o.supervisor.UpdatesByProcess(group)):
		return "", faults.Bare(faults.UnknownMethod)
	case d.Whole != "":
		return "", faults.New(faults.Failed, group+" can't be updated process by process: "+d.Whole)
	case takeTurns:
		if err := o.canSurge(&d, ask); err != nil {
			return "", err
		}
	}
	return o.begin("update", []string{group}, func(ctx context.Context, op *operation) error {
		u := &update{work: work{operation: op, ask: ask}, group: group, gated: takeTurns}
		if !takeTurns {
			u.ask = Ask{GoOn: true, Batch: config.Share{N: 100, Percent: true}, Pause: new(time.Duration)}
		}
		return u.perform(ctx)
	})
}

// canSurge says why there can't be the surplus that is asked for.
func (o *Operations) canSurge(d *config.GroupDiff, ask Ask) error {
	for _, u := range changedUnits(d, o.supervisor.Members) {
		if _, err := o.surge(u, ask); err != nil {
			return err
		}
	}
	return nil
}

// update is an update under way.
type update struct {
	work
	group string
	gated bool // each step waits until what was started is RUNNING

	added    []*process.Process
	replaced []replacement // in the order in which it was done
}

// replacement is a process that got another configuration, and the one it had.
type replacement struct {
	process *process.Process
	old     *config.Process
}

func (u *update) perform(ctx context.Context) error {
	d, err := u.supervisor.Pending(u.group)
	if err != nil {
		return err
	}
	if err := u.forward(ctx, &d); err != nil {
		if u.goesBack() && ctx.Err() == nil {
			u.back(ctx)
		}
		return err
	}
	if err := u.leave(ctx, d.Removed); err != nil {
		return err
	}
	if err := u.supervisor.TakeOver(u.group); err != nil {
		return err
	}
	for _, k := range d.Kept {
		if len(k.Changes) > 0 && !k.Restarts() {
			u.done(fullName(k.New), "updated")
		}
	}
	u.done(u.group, "updated process group")
	return nil
}

// goesBack tells whether a failure makes all go back to what they were.
func (u *update) goesBack() bool { return u.gated && !u.ask.GoOn }

// forward adds what is new and replaces what has to be born anew.
func (u *update) forward(ctx context.Context, d *config.GroupDiff) (err error) {
	if u.added, err = u.supervisor.Join(u.group, d.Added, !u.gated); err != nil {
		return err
	}
	if err := u.welcome(ctx); u.stopsAt(ctx, err) {
		return cmp.Or(context.Cause(ctx), err)
	}
	for _, one := range changedUnits(d, u.supervisor.Members) {
		if err := u.program(ctx, d, one); err != nil {
			return err
		}
	}
	return nil
}

// welcome waits for the processes that have been added, if somebody waits at all.
func (u *update) welcome(ctx context.Context) error {
	list := slices.Clone(u.added)
	if u.goesBack() {
		u.try(list...)
	}
	slices.SortStableFunc(list, func(a, b *process.Process) int { return cmp.Compare(a.Config.Priority, b.Config.Priority) })
	err := u.together(ctx, list, func(ctx context.Context, p *process.Process) (string, error) {
		if !u.gated || !p.Config.Autostart {
			return "added", nil
		}
		return "added", u.start(ctx, p, "an update", true)
	})
	return err
}

// program replaces those of a program's processes that have to be born anew.
func (u *update) program(ctx context.Context, d *config.GroupDiff, one *unit) error {
	u.rolling = policyOf(one.list).Rolling
	if surge, _ := u.surge(one, u.ask); u.gated && surge > 0 && isSettled(d, one.section) {
		defer u.retire(ctx, one.group, one.section, "stopped")
		if err := u.reinforce(ctx, one, surge, true); u.stopsAt(ctx, err) {
			return cmp.Or(context.Cause(ctx), err)
		}
	}
	return u.batches(ctx, one.list, func(ctx context.Context, p *process.Process) (string, error) {
		return u.replace(ctx, p, configOf(d, p))
	})
}

// isSettled tells whether a program has as many processes as before. Where some
// come or go there is no need for a surplus: the new ones are there before the
// others take turns, and what goes does so at the end.
func isSettled(d *config.GroupDiff, section string) bool {
	other := func(p *config.Process) bool { return p.Section == section }
	return !slices.ContainsFunc(d.Added, other) && !slices.ContainsFunc(d.Removed, other)
}

func configOf(d *config.GroupDiff, p *process.Process) *config.Process {
	for _, k := range d.Kept {
		if k.New.Name == p.Config.Name {
			return k.New
		}
	}
	return nil
}

// changedUnits are the processes that have to be born anew, by program.
func changedUnits(d *config.GroupDiff, members func(group, section string) []*process.Process) []*unit {
	var units []*unit
	for _, k := range d.Kept {
		if !k.Restarts() {
			continue
		}
		i := slices.IndexFunc(units, func(u *unit) bool { return u.section == k.New.Section })
		if i < 0 {
			i = len(units)
			units = append(units, &unit{group: d.New.Name, section: k.New.Section})
		}
		for _, p := range members(d.New.Name, k.Old.Section) {
			if p.Config.Name == k.New.Name {
				units[i].list = append(units[i].list, p)
			}
		}
	}
	return units
}

// replace stops a process, gives its name to one with another configuration and
// starts that, unless somebody had stopped the old one.
func (u *update) replace(ctx context.Context, p *process.Process, conf *config.Process) (verb string, err error) {
	st := p.Status()
	start := isWanted(p) || st.Waiting != "" || conf.Autostart && (st.State != states.Stopped || st.Started.IsZero() && !p.Current().Autostart)
	old := p.Current()
	if err := u.halt(ctx, p); err != nil {
		return "", err
	}
	fresh, err := u.supervisor.Exchange(p, conf)
	if err != nil {
		u.supervisor.Release(p)
		return "", err
	}
	if u.goesBack() {
		u.try(fresh)
	}
	u.note(replacement{fresh, old})
	if !start {
		return "updated", nil
	}
	return "restarted", u.start(ctx, fresh, "an update", u.gated)
}

func (u *update) note(r replacement) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.replaced = append(u.replaced, r)
}

// halt stops a process that is to be replaced, and has it neither start again
// before nor stay stopped if the daemon ends meanwhile.
func (u *update) halt(ctx context.Context, p *process.Process) error {
	defer drain(p)()
	name := p.FullName()
	p.Hold()
	stopped := p.StopBy("an update", name, true)
	_ = p.StartBy("an update", name, false).Wait(ctx) // refused if it has stopped already
	err := atRest(ctx, p, stopped)
	if err != nil {
		u.supervisor.Release(p)
	}
	return err
}

// leave stops processes that the configuration has no more, and removes them.
func (u *update) leave(ctx context.Context, configs []*config.Process) error {
	var list []*process.Process
	for _, c := range configs {
		for _, p := range u.supervisor.Members(u.group, c.Section) {
			if p.Config.Name == c.Name {
				list = append(list, p)
			}
		}
	}
	return u.together(ctx, list, func(ctx context.Context, p *process.Process) (string, error) {
		return "removed", u.dismiss(ctx, p)
	})
}

func (u *update) dismiss(ctx context.Context, p *process.Process) error {
	defer drain(p)()
	if err := atRest(ctx, p, p.StopBy("an update", p.FullName(), true)); err != nil {
		return err
	}
	return u.supervisor.RemoveProcess(p.Config.Group, p.Config.Name)
}

// back gives the processes that have been replaced what they had before, and
// removes those that have been added.
func (u *update) back(ctx context.Context) {
	old := make(map[*process.Process]*config.Process)
	var list []*process.Process
	for _, r := range slices.Backward(u.replaced) {
		old[r.process] = r.old
		list = append(list, r.process)
	}
	u.ask.GoOn = true // each failure is told, here and below
	_ = u.batches(ctx, list, func(ctx context.Context, p *process.Process) (string, error) {
		_, err := u.replace(ctx, p, old[p])
		return "returned to the old configuration", err
	})
	_ = u.together(ctx, u.added, func(ctx context.Context, p *process.Process) (string, error) {
		return "removed", u.dismiss(ctx, p)
	})
}

func fullName(c *config.Process) string { return namespec.Join(c.Group, c.Name) }
