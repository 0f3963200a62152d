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
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/process"
)

// Update starts to bring an active group to the configuration that was read last,
// process by process: only those that need it are restarted, the others adopt the
// changes as they run. With rolling it restarts them like a rolling restart with these
// options, and if a new process fails, all return to their old configuration. The error
// is BAD_NAME, or UNKNOWN_METHOD if the group is to be replaced as a whole, as
// Supervisor does.
func (o *Operations) Update(group string, rolling bool, options map[string]string) (id string, err error) {
	params, err := ParseParams(options)
	if err != nil {
		return "", err
	}
	d, err := o.supervisor.PendingChanges(group)
	switch {
	case err != nil:
		return "", err
	case !rolling && (d.Whole != "" || !o.supervisor.UpdatesByProcess(group)):
		return "", faults.Bare(faults.UnknownMethod)
	case d.Whole != "":
		return "", faults.New(faults.Failed, group+" can't be updated process by process: "+d.Whole)
	case rolling:
		if err := o.checkSurge(&d, params); err != nil {
			return "", err
		}
	}
	return o.begin("update", []string{group}, func(ctx context.Context, op *operation) error {
		u := &update{rollout: rollout{operation: op, params: params}, group: group, waitsRunning: rolling}
		if !rolling {
			u.params = Params{ContinueOnError: true, Batch: option.Share{N: 100, Percent: true}, Pause: new(time.Duration)}
		}
		return u.perform(ctx)
	})
}

// checkSurge returns why the requested surplus is impossible, nil if it is possible.
func (o *Operations) checkSurge(d *config.GroupDiff, params Params) error {
	for _, u := range changedSets(d, o.supervisor.Members) {
		if _, err := o.surge(u, params); err != nil {
			return err
		}
	}
	return nil
}

// update is an update in progress.
type update struct {
	rollout
	group        string
	waitsRunning bool // each step waits until its processes are RUNNING

	added    []*process.Process
	replaced []replacement // in order
}

// replacement is a process with a new configuration, and its old configuration.
type replacement struct {
	process *process.Process
	old     *config.Process
}

func (u *update) perform(ctx context.Context) error {
	d, err := u.supervisor.PendingChanges(u.group)
	if err != nil {
		return err
	}
	if err := u.apply(ctx, &d); err != nil {
		if u.rollsBack() && ctx.Err() == nil {
			u.rollBack(ctx)
		}
		return err
	}
	if err := u.removeAll(ctx, d.Removed); err != nil {
		return err
	}
	if err := u.supervisor.ApplyConfig(u.group); err != nil {
		return err
	}
	for _, k := range d.Kept {
		if len(k.Changes) > 0 && !k.Restarts() {
			u.reportDone(fullName(k.New), "updated")
		}
	}
	u.reportDone(u.group, "updated process group")
	return nil
}

// rollsBack reports whether all return to their old configuration after a failure.
func (u *update) rollsBack() bool { return u.waitsRunning && !u.params.ContinueOnError }

// apply adds new processes and replaces those that need a restart.
func (u *update) apply(ctx context.Context, d *config.GroupDiff) (err error) {
	if u.added, err = u.supervisor.AddProcesses(u.group, d.Added, !u.waitsRunning); err != nil {
		return err
	}
	if err := u.startAdded(ctx); u.shouldStop(ctx, err) {
		return cmp.Or(context.Cause(ctx), err)
	}
	for _, one := range changedSets(d, u.supervisor.Members) {
		if err := u.replaceProgram(ctx, d, one); err != nil {
			return err
		}
	}
	return nil
}

// startAdded starts the added processes if the update waits for RUNNING.
func (u *update) startAdded(ctx context.Context) error {
	list := slices.Clone(u.added)
	if u.rollsBack() {
		u.markProvisional(list...)
	}
	slices.SortStableFunc(list, func(a, b *process.Process) int { return cmp.Compare(a.Config.Priority, b.Config.Priority) })
	err := u.runParallel(ctx, list, func(ctx context.Context, p *process.Process) (string, error) {
		if !u.waitsRunning || !p.Config.Autostart {
			return "added", nil
		}
		return "added", u.start(ctx, p, "an update", true)
	})
	return err
}

// replaceProgram replaces the processes of a program that need a restart.
func (u *update) replaceProgram(ctx context.Context, d *config.GroupDiff, one *programSet) error {
	u.rolling = policyOf(one.list).Rolling
	if surge, _ := u.surge(one, u.params); u.waitsRunning && surge > 0 && keepsNumprocs(d, one.section) {
		defer u.cleanUpSurplus(ctx, one.group, one.section, "stopped")
		if err := u.addSurplus(ctx, one, surge, true); u.shouldStop(ctx, err) {
			return cmp.Or(context.Cause(ctx), err)
		}
	}
	return u.runBatches(ctx, one.list, func(ctx context.Context, p *process.Process) (string, error) {
		return u.replace(ctx, p, configOf(d, p))
	})
}

// keepsNumprocs reports whether no process of a program is added or removed. Otherwise
// no surplus is needed: new processes start before the others are replaced, and old
// ones are removed at the end.
func keepsNumprocs(d *config.GroupDiff, section string) bool {
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

// changedSets returns the processes that need a restart, by program.
func changedSets(d *config.GroupDiff, members func(group, section string) []*process.Process) []*programSet {
	var sets []*programSet
	for _, k := range d.Kept {
		if !k.Restarts() {
			continue
		}
		i := slices.IndexFunc(sets, func(u *programSet) bool { return u.section == k.New.Section })
		if i < 0 {
			i = len(sets)
			sets = append(sets, &programSet{group: d.New.Name, section: k.New.Section})
		}
		for _, p := range members(d.New.Name, k.Old.Section) {
			if p.Config.Name == k.New.Name {
				sets[i].list = append(sets[i].list, p)
			}
		}
	}
	return sets
}

// replace stops a process, replaces it by one with another configuration, and starts
// that unless the old one had been stopped by a request.
func (u *update) replace(ctx context.Context, p *process.Process, conf *config.Process) (verb string, err error) {
	st := p.Status()
	start := isWanted(p) || st.WaitingFor != "" || conf.Autostart && (st.State != states.Stopped || st.Started.IsZero() && !p.CurrentConfig().Autostart)
	old := p.CurrentConfig()
	if err := u.stopForReplace(ctx, p); err != nil {
		return "", err
	}
	fresh, err := u.supervisor.ReplaceProcess(p, conf)
	if err != nil {
		u.supervisor.AllowStarts(p)
		return "", err
	}
	if u.rollsBack() {
		u.markProvisional(fresh)
	}
	u.recordReplaced(replacement{fresh, old})
	if !start {
		return "updated", nil
	}
	return "restarted", u.start(ctx, fresh, "an update", u.waitsRunning)
}

func (u *update) recordReplaced(r replacement) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.replaced = append(u.replaced, r)
}

// stopForReplace stops a process that is to be replaced. It does not start again before
// that, and is recorded to start again in case the daemon ends meanwhile.
func (u *update) stopForReplace(ctx context.Context, p *process.Process) error {
	defer applyDrainTimeout(p)()
	name := p.FullName()
	p.ForbidStarts()
	stopped := p.StopBy("an update", name, true)
	_ = p.StartBy("an update", name, false).Wait(ctx) // fails if it has stopped already
	err := waitStopped(ctx, p, stopped)
	if err != nil {
		u.supervisor.AllowStarts(p)
	}
	return err
}

// removeAll stops and removes the processes that are not configured any more.
func (u *update) removeAll(ctx context.Context, configs []*config.Process) error {
	var list []*process.Process
	for _, c := range configs {
		for _, p := range u.supervisor.Members(u.group, c.Section) {
			if p.Config.Name == c.Name {
				list = append(list, p)
			}
		}
	}
	return u.runParallel(ctx, list, func(ctx context.Context, p *process.Process) (string, error) {
		return "removed", u.removeOne(ctx, p)
	})
}

func (u *update) removeOne(ctx context.Context, p *process.Process) error {
	defer applyDrainTimeout(p)()
	if err := waitStopped(ctx, p, p.StopBy("an update", p.FullName(), true)); err != nil {
		return err
	}
	return u.supervisor.RemoveProcess(p.Config.Group, p.Config.Name)
}

// rollBack returns the replaced processes to their old configuration, and removes the
// added ones.
func (u *update) rollBack(ctx context.Context) {
	old := make(map[*process.Process]*config.Process)
	var list []*process.Process
	for _, r := range slices.Backward(u.replaced) {
		old[r.process] = r.old
		list = append(list, r.process)
	}
	u.params.ContinueOnError = true // each failure is reported, here and below
	_ = u.runBatches(ctx, list, func(ctx context.Context, p *process.Process) (string, error) {
		_, err := u.replace(ctx, p, old[p])
		return "returned to the old configuration", err
	})
	_ = u.runParallel(ctx, u.added, func(ctx context.Context, p *process.Process) (string, error) {
		return "removed", u.removeOne(ctx, p)
	})
}

func fullName(c *config.Process) string { return namespec.Join(c.Group, c.Name) }
