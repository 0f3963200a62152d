package supervisor

import (
	"context"
	"fmt"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/events/listener"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor/report"
)

// Upgrade prepares for another binary to take over, which is what Options says.
// It is FAILED, with the reason, if that can't be: nothing has happened then.
// What runs must be what the files say, because the other one knows nothing
// else.
func (s *Supervisor) Upgrade(ctx context.Context, binary string) error {
	if s.Mood() != states.DaemonRunning {
		return faults.Bare(faults.ShutdownState)
	}
	checked, err := s.conf.LoadChecked(s.Scales())
	if err != nil {
		return faults.New(faults.CantReread, err.Error())
	}
	if differs := report.Changes(s.compare(checked.Config)); differs != "" {
		return faults.New(faults.Failed, "the configuration is not what runs ("+differs+"): update first")
	}
	for p := range s.unconfigured.all() {
		return faults.New(faults.Failed, p.FullName()+" runs and is not configured: stop it first")
	}
	if err := s.opts.Hooks.Upgrade(ctx, binary, checked.From); err != nil {
		return faults.New(faults.Failed, err.Error())
	}
	return nil
}

// GroupHandover is what another supervisor needs to go on with a group.
type GroupHandover struct {
	Group     string
	Pool      *listener.State // nil if they are no listeners
	Processes []ProcessHandover
}

// ProcessHandover is what it needs to go on with a process.
type ProcessHandover struct {
	*process.Process
	process.HandedOver
}

// HandOver ends the part of this supervisor in all children and returns what
// another needs to go on. Run must have ended. The error tells what will be
// missing.
func (s *Supervisor) HandOver() (all []GroupHandover, failed []error) {
	for _, g := range s.groups.List() {
		l := GroupHandover{Group: g.Config.Name}
		for _, p := range g.Processes {
			saved, err := p.HandOver()
			if err != nil {
				failed = append(failed, fmt.Errorf("hand over %s: %w", p.FullName(), err))
			}
			l.Processes = append(l.Processes, ProcessHandover{p, saved})
		}
		if g.Pool != nil { // by now nobody hears the listeners any more
			pool := g.Pool.Save()
			l.Pool = &pool
		}
		all = append(all, l)
	}
	return all, failed
}
