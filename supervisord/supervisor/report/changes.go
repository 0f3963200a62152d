package report

import (
	"fmt"
	"strings"

	"supervisor/supervisord/api"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
)

// Outdated returns the options whose values differ between the child of a process, which
// an earlier daemon may have spawned, and a configuration.
func Outdated(p Process, conf *config.Process) []string {
	if st := p.Status; st.PID != 0 && st.Outdated {
		return conf.Outdated(st.Digest)
	}
	return nil
}

// IsOutdated reports whether a child of a group was spawned with other options than a
// configuration of the group has.
func IsOutdated(g *process.Group, conf *config.Group) bool {
	for _, c := range conf.Processes {
		if p := g.Process(c.Name); p != nil && len(Outdated(Of(p), c)) > 0 {
			return true
		}
	}
	return false
}

// Diff returns how a group, and the children that it has, differ from a configuration.
func Diff(conf *config.Group, g *process.Group) config.GroupDiff {
	d := conf.Diff(g.Config)
	for i := range d.Kept {
		k := &d.Kept[i]
		p := g.Process(k.New.Name)
		if p == nil || k.Restarts() {
			continue
		}
		for _, option := range Outdated(Of(p), k.New) {
			k.Changes = append(k.Changes, config.Change{Option: option, Old: "another value when it was started", New: "as configured", Effect: config.EffectRestart})
		}
	}
	return d
}

// IsScaling reports whether all that differs in a group is the number of processes of
// programs that have been scaled.
func IsScaling(d config.GroupDiff, scales []config.Scale) bool {
	if len(d.Changes) > 0 || len(d.Added)+len(d.Removed) == 0 {
		return false
	}
	for _, k := range d.Kept {
		if len(k.Changes) > 0 {
			return false
		}
	}
	for _, list := range [][]*config.Process{d.Added, d.Removed} {
		for _, p := range list {
			if !isScaled(d.New, p.Section, scales) {
				return false
			}
		}
	}
	return true
}

func isScaled(g *config.Group, section string, scales []config.Scale) bool {
	for _, sc := range scales {
		if sc.Group == g.Name && sc.Section == section && sc.Of == numprocs(g, section) {
			return true
		}
	}
	return false
}

func numprocs(g *config.Group, section string) int {
	for _, p := range g.Programs {
		if p.Section == section {
			return p.Numprocs
		}
	}
	return -1
}

// PlanChanged returns what an update does to a group that differs from its
// configuration. With byProcess it deals with the processes one by one.
func PlanChanged(d config.GroupDiff, byProcess bool) api.GroupPlan {
	plan := api.GroupPlan{Group: d.New.Name, Change: "changed", Whole: d.Whole, Options: optionChanges(d.Changes)}
	if plan.Whole == "" && !byProcess {
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
	plan.Processes = append(plan.Processes, planStarts(d.Added)...)
	plan.Processes = append(plan.Processes, planStops(d.Removed)...)
	return plan
}

// PlanAdded returns what an update does with a group that is new.
func PlanAdded(g *config.Group) api.GroupPlan {
	return api.GroupPlan{Group: g.Name, Change: "added", Processes: planStarts(g.Processes)}
}

// PlanRemoved returns what an update does with a group that is configured no more.
func PlanRemoved(g *config.Group) api.GroupPlan {
	return api.GroupPlan{Group: g.Name, Change: "removed", Processes: planStops(g.Processes)}
}

func planStarts(processes []*config.Process) (list []api.ProcessPlan) {
	for _, p := range processes {
		effect := "start"
		if !p.Autostart {
			effect = "add"
		}
		list = append(list, api.ProcessPlan{Name: p.Name, Effect: effect})
	}
	return list
}

func planStops(processes []*config.Process) (list []api.ProcessPlan) {
	for _, p := range processes {
		list = append(list, api.ProcessPlan{Name: p.Name, Effect: "stop"})
	}
	return list
}

func optionChanges(list []config.Change) []api.OptionChange {
	var all []api.OptionChange
	for _, c := range list {
		all = append(all, api.OptionChange{Option: c.Option, Old: c.Old, New: c.New, Effect: c.Effect.String()})
	}
	return all
}

// Changes words which groups a configuration changes, "" for none.
func Changes(c api.Changes) string {
	var parts []string
	for _, kind := range []struct {
		what  string
		names []string
	}{{"added", c.Added}, {"changed", c.Changed}, {"removed", c.Removed}} {
		if len(kind.names) > 0 {
			parts = append(parts, fmt.Sprintf("%s: %s", kind.what, strings.Join(kind.names, ", ")))
		}
	}
	return strings.Join(parts, "; ")
}
