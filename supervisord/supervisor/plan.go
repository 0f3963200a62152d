package supervisor

import (
	"slices"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/config"
)

// UpdatesByProcess tells whether an update of a group deals with its processes
// one by one. It does if that is configured, and where all that differs is the
// number of processes of a program that has been scaled.
func (s *Supervisor) UpdatesByProcess(group string) bool {
	g, conf := s.find(group), groupOf(s.configured(), group)
	return g != nil && conf != nil && s.updatesByProcess(diff(conf, g))
}

func (s *Supervisor) updatesByProcess(d config.GroupDiff) bool {
	switch {
	case d.Whole != "":
		return false
	case s.opts.Config.Supervisord.UpdateGranularity == config.ByProcess:
		return true
	case len(d.Changes) > 0 || slices.ContainsFunc(d.Kept, func(k config.ProcessDiff) bool { return len(k.Changes) > 0 }):
		return false
	}
	scales := s.Scales()
	scaled := func(p *config.Process) bool {
		return slices.ContainsFunc(scales, func(sc config.Scale) bool {
			return sc.Group == d.New.Name && sc.Section == p.Section && sc.Of == numprocs(d.New, p.Section)
		})
	}
	both := slices.Concat(d.Added, d.Removed)
	return len(both) > 0 && !slices.ContainsFunc(both, func(p *config.Process) bool { return !scaled(p) })
}

func numprocs(g *config.Group, section string) int {
	for _, p := range g.Programs {
		if p.Section == section {
			return p.Numprocs
		}
	}
	return -1
}

// Plan reads the configuration and tells what an update to it would do, and does
// nothing: not even what Reload does. A configuration that can't be used is
// CANT_REREAD. Groups are in the order in which an update sees to them.
func (s *Supervisor) Plan() ([]api.GroupPlan, error) {
	fresh, err := s.opts.Loading.Load()
	if err != nil {
		return nil, faults.New(faults.CantReread, err.Error())
	}
	changes := s.compare(fresh)
	var plans []api.GroupPlan
	for _, name := range changes.Removed {
		if g := s.find(name); g != nil {
			plans = append(plans, api.GroupPlan{Group: name, Change: "removed", Processes: planAll(g.Config, "stop")})
		}
	}
	for _, name := range changes.Changed {
		if g := s.find(name); g != nil {
			plans = append(plans, s.planOf(diff(groupOf(fresh, name), g)))
		}
	}
	for _, name := range changes.Added {
		plans = append(plans, api.GroupPlan{Group: name, Change: "added", Processes: planAll(groupOf(fresh, name), "start")})
	}
	return plans, nil
}

func planAll(g *config.Group, effect string) []api.ProcessPlan {
	var list []api.ProcessPlan
	for _, p := range g.Processes {
		if effect == "start" && !p.Autostart {
			list = append(list, api.ProcessPlan{Name: p.Name, Effect: "add"})
			continue
		}
		list = append(list, api.ProcessPlan{Name: p.Name, Effect: effect})
	}
	return list
}

func (s *Supervisor) planOf(d config.GroupDiff) api.GroupPlan {
	plan := api.GroupPlan{Group: d.New.Name, Change: "changed", Whole: d.Whole, Options: optionChanges(d.Changes)}
	if plan.Whole == "" && !s.updatesByProcess(d) {
		plan.Whole = "update_granularity is group"
	}
	for _, k := range d.Kept {
		p := api.ProcessPlan{Name: k.New.Name, Options: optionChanges(k.Changes)}
		switch {
		case plan.Whole != "" || k.Restarts():
			p.Effect = "restart"
		case len(k.Changes) > 0:
			p.Effect = "live"
		default:
			continue
		}
		plan.Processes = append(plan.Processes, p)
	}
	plan.Processes = append(plan.Processes, planAll(&config.Group{Processes: d.Added}, "start")...)
	plan.Processes = append(plan.Processes, planAll(&config.Group{Processes: d.Removed}, "stop")...)
	return plan
}

func optionChanges(list []config.Change) []api.OptionChange {
	var all []api.OptionChange
	for _, c := range list {
		all = append(all, api.OptionChange{Option: c.Option, Old: c.Old, New: c.New, Effect: c.Effect.String()})
	}
	return all
}
