package supervisor

import (
	"cmp"
	"slices"
	"time"

	"supervisor/supervisord/api"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor/report"
)

// Info reports on one process. It fails with BAD_NAME.
func (s *Supervisor) Info(name string) (api.ProcessInfo, error) {
	p, err := s.single(name)
	if err != nil {
		return api.ProcessInfo{}, err
	}
	return report.Info(report.Of(p), time.Now()), nil
}

// Infos reports on all processes, ordered by group and name.
func (s *Supervisor) Infos() []api.ProcessInfo {
	all := s.indexed().sorted
	now := time.Now()
	infos := make([]api.ProcessInfo, len(all))
	for i, p := range all {
		infos[i] = report.Info(report.Of(p), now)
	}
	return infos
}

// Healths reports on all processes that have a readiness or health check, ordered by
// group and name.
func (s *Supervisor) Healths() []api.Health {
	var all []api.Health
	now := time.Now()
	for _, p := range s.indexed().sorted {
		if h, isChecked := report.Health(report.Of(p), now); isChecked {
			all = append(all, h)
		}
	}
	return all
}

// ConfigInfos describes all processes of the configuration as last read, in use or not,
// ordered by process name; equal ones in the order of their groups.
func (s *Supervisor) ConfigInfos() []api.ConfigInfo {
	var infos []api.ConfigInfo
	for _, g := range s.configured().Groups {
		inUse := s.find(g.Name) != nil
		for _, p := range g.Processes {
			auto := s.autoLogs(p)
			infos = append(infos, report.ConfigInfo(g, p, inUse, auto.stdout, auto.stderr))
		}
	}
	slices.SortStableFunc(infos, func(a, b api.ConfigInfo) int { return cmp.Compare(a.Name, b.Name) })
	return infos
}

// Why returns the reasons why a process is in its state, the reason for the state first.
// It fails with BAD_NAME unless the name is that of one process.
func (s *Supervisor) Why(name string) ([]api.Reason, error) {
	p, err := s.single(name)
	if err != nil {
		return nil, err
	}
	return s.reasons(p), nil
}

// AllReasons is Why for all processes, by full name.
func (s *Supervisor) AllReasons() map[string][]api.Reason {
	all := make(map[string][]api.Reason)
	for _, p := range s.indexed().sorted {
		all[p.FullName()] = s.reasons(p)
	}
	for p := range s.allUnconfigured() {
		all[p.FullName()] = s.reasons(p)
	}
	return all
}

func (s *Supervisor) reasons(p *process.Process) []api.Reason {
	reasons := report.Why(report.Of(p), s.isUnconfigured(p), time.Now())
	for _, f := range s.explainers {
		reasons = append(reasons, f(p)...)
	}
	return reasons
}

// explainWaiting returns the reasons that come from dependencies and probes.
func (s *Supervisor) explainWaiting(p *process.Process) []api.Reason {
	if !s.hasDependencies.Load() {
		return nil
	}
	probes, _ := s.waitProbes.Load(p)
	o, _ := probes.(*waitProbes)
	return report.Waiting(p.Status(), s.dependencyGraph().AllUnmet(p), o.unmet())
}

// Dependencies returns what all processes depend on, dependencies first.
func (s *Supervisor) Dependencies() []api.Dependencies {
	return report.Dependencies(s.dependencyGraph(), s.allProcesses())
}

// Unstopped returns the full names of all processes that have not stopped.
func (s *Supervisor) Unstopped() []string {
	var names []string
	for _, p := range s.indexed().sorted {
		if !p.Status().State.IsStopped() {
			names = append(names, p.FullName())
		}
	}
	for p := range s.allUnconfigured() {
		names = append(names, p.FullName())
	}
	return names
}

// LeftBehind returns what the last stop of a process left running, a line each, as far as
// its configuration asks for that. The name is a caller's; results, if they are not nil,
// are those of a call for many processes, and name them.
func (s *Supervisor) LeftBehind(name string, results []api.CallResult) []string {
	names := []string{name}
	if results != nil {
		names = nil
		for _, r := range results {
			names = append(names, r.Group+":"+r.Name)
		}
	}
	var lines []string
	for _, name := range names {
		if p, err := s.single(name); err == nil {
			if line := report.LeftBehind(p); line != "" {
				lines = append(lines, line)
			}
		}
	}
	return lines
}
