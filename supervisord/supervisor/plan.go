package supervisor

import (
	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/config"
	"supervisor/supervisord/supervisor/loaded"
	"supervisor/supervisord/supervisor/report"
)

// UpdatesByProcess reports whether an update of a group deals with its processes one by
// one. It does if that is configured, or if all that differs is the number of processes of
// programs that have been scaled.
func (s *Supervisor) UpdatesByProcess(group string) bool {
	g, conf := s.groups.Find(group), loaded.Group(s.conf.Current(), group)
	return g != nil && conf != nil && s.updatesByProcess(report.Diff(conf, g.Group))
}

func (s *Supervisor) updatesByProcess(d config.GroupDiff) bool {
	return d.Whole == "" &&
		(s.opts.Config.Supervisord.UpdateGranularity == config.ByProcess || report.IsScaling(d, s.Scales()))
}

// Plan reads the configuration and returns what an update to it would do. It changes
// nothing: the configuration as last read stays, too. A configuration that can't be used is
// CANT_REREAD. Groups are in the order in which an update changes them.
func (s *Supervisor) Plan() ([]api.GroupPlan, error) {
	fresh, err := s.conf.Load()
	if err != nil {
		return nil, faults.New(faults.CantReread, err.Error())
	}
	changes := s.compare(fresh)
	var plans []api.GroupPlan
	for _, name := range changes.Removed {
		if g := s.groups.Find(name); g != nil {
			plans = append(plans, report.PlanRemoved(g.Config))
		}
	}
	for _, name := range changes.Changed {
		if g := s.groups.Find(name); g != nil {
			d := report.Diff(loaded.Group(fresh, name), g.Group)
			plans = append(plans, report.PlanChanged(d, s.updatesByProcess(d)))
		}
	}
	for _, name := range changes.Added {
		plans = append(plans, report.PlanAdded(loaded.Group(fresh, name)))
	}
	return plans, nil
}
