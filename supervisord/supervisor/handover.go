package supervisor

import (
	"context"
	"fmt"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/events/listener"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor/report"
	"supervisor/supervisord/system/descriptors"
)

// Upgrade lets another binary take over soon after it has returned: see Hooks.Upgrade. It is
// FAILED, with the reason, if that is not possible; nothing has happened then. What runs must
// be what the files say, because the other binary reads only those.
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

// State is all that outlives a supervisor whose process executes another binary.
type State struct {
	Processes []process.State
	Pools     map[string]listener.State `json:",omitempty"` // by the names of their groups
}

// HandOver ends the part of this supervisor in all children, returns what another one
// needs to go on, and puts what is open into set. Run must have ended. The errors say
// what the other one will miss.
func (s *Supervisor) HandOver(set descriptors.Set) (state State, failed []error) {
	state.Pools = make(map[string]listener.State)
	for _, g := range s.groups.List() {
		for _, p := range g.Processes {
			saved, err := p.HandOver()
			if err != nil {
				failed = append(failed, fmt.Errorf("hand over %s: %w", p.FullName(), err))
			}
			if err := saved.PutDescriptors(set); err != nil {
				failed = append(failed, err)
			}
			state.Processes = append(state.Processes, saved.State)
		}
		if g.Pool != nil { // nothing reaches the listeners any more
			state.Pools[g.Config.Name] = g.Pool.Save()
		}
	}
	return state, failed
}
