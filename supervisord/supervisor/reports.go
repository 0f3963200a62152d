package supervisor

import (
	"cmp"
	"context"
	"slices"
	"time"

	"supervisor/supervisord/api"
	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/config"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor/clientlogs"
	"supervisor/supervisord/supervisor/loaded"
	"supervisor/supervisord/supervisor/report"
	"supervisor/supervisord/supervisor/wait"
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
	all := s.groups.Sorted()
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
	for _, p := range s.groups.Sorted() {
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
	for _, g := range s.conf.Current().Groups {
		inUse := s.groups.Find(g.Name) != nil
		for _, p := range g.Processes {
			auto := s.conf.Logs(p)
			infos = append(infos, report.ConfigInfo(g, p, inUse, auto.Stdout, auto.Stderr))
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
	for _, p := range s.groups.Sorted() {
		all[p.FullName()] = s.reasons(p)
	}
	for p := range s.unconfigured.all() {
		all[p.FullName()] = s.reasons(p)
	}
	return all
}

func (s *Supervisor) reasons(p *process.Process) []api.Reason {
	reasons := report.Why(report.Of(p), s.unconfigured.has(p), time.Now())
	reasons = append(reasons, clientlogs.ExplainRestarts(p)...)
	for _, f := range s.explainers {
		reasons = append(reasons, f(p)...)
	}
	return reasons
}

// explainWaiting returns the reasons that come from dependencies and probes.
func (s *Supervisor) explainWaiting(p *process.Process) []api.Reason {
	if !s.starts.HasDependencies() {
		return nil
	}
	dependencies, probes := s.starts.Unmet(p)
	return report.Waiting(p.Status(), dependencies, probes)
}

// Dependencies returns what all processes depend on, dependencies first.
func (s *Supervisor) Dependencies() []api.Dependencies {
	return report.Dependencies(s.groups.Graph(), s.groups.Processes())
}

// Unstopped returns the full names of all processes that have not stopped.
func (s *Supervisor) Unstopped() []string {
	var names []string
	for _, p := range s.groups.Sorted() {
		if !p.Status().State.IsStopped() {
			names = append(names, p.FullName())
		}
	}
	for p := range s.unconfigured.all() {
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

// Environment returns the variables that a child of the process spawned now would get, and
// the source of each. Values that look secret are masked unless reveal is set. It fails
// with BAD_NAME, or with FAILED if a spawn would fail because of env_file=.
func (s *Supervisor) Environment(name string, reveal bool) ([]api.Variable, error) {
	p, err := s.single(name)
	if err != nil {
		return nil, err
	}
	all, err := p.Environment()
	if err != nil {
		return nil, faults.New(faults.Failed, err.Error())
	}
	list := make([]api.Variable, len(all))
	for i, v := range all {
		list[i] = api.Variable{Name: v.Name, Value: v.Value, Source: v.Source}
		if !reveal {
			list[i].Value, list[i].Masked = option.Mask(v.Name, v.Value)
		}
	}
	return list, nil
}

// WaitFor waits until a process, or all of a group if name is "group:*", has reached a
// goal: see wait.Waiter.For.
func (s *Supervisor) WaitFor(ctx context.Context, name, goal string, timeout time.Duration) (bool, error) {
	w := wait.Waiter{Named: s.Named, IsConfigured: s.isConfigured, NextChange: s.groups.NextChange}
	return w.For(ctx, name, goal, timeout)
}

// isConfigured reports whether the configuration as last read has a group, or a process
// of it.
func (s *Supervisor) isConfigured(name string) bool {
	spec := namespec.Parse(name)
	g := loaded.Group(s.conf.Current(), spec.Group)
	return g != nil && (spec.WholeGroup() ||
		slices.ContainsFunc(g.Processes, func(p *config.Process) bool { return p.Name == spec.Process }))
}

// Logs returns the log files, for clients.
func (s *Supervisor) Logs() *clientlogs.Logs {
	return &clientlogs.Logs{Find: s.single, All: s.groups.Processes, Main: s.opts.Main, Log: s.opts.Log}
}
