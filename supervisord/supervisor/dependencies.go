package supervisor

import (
	"supervisor/supervisord/api"
)

// Dependencies tells what all processes depend on, those first that others of
// them need.
func (s *Supervisor) Dependencies() []api.Dependencies {
	r := s.dependencyGraph()
	var list []api.Dependencies
	for _, p := range r.StartOrder(s.allProcesses()) {
		d := api.Dependencies{Name: p.FullName(), StateName: p.Status().State.String(), Needs: []api.Dependency{}, WaitFor: []string{}}
		for _, probe := range p.CurrentConfig().WaitFor {
			d.WaitFor = append(d.WaitFor, probe.Text)
		}
		for _, n := range r.Of(p) {
			one := api.Dependency{Text: n.Text, On: []string{}, Condition: n.Condition.String(), Soft: n.Soft, Together: n.Together}
			for _, t := range n.On {
				one.On = append(one.On, t.FullName())
			}
			if l := r.Unmet(n); l != nil {
				one.Unmet = l.Detail
			}
			d.Needs = append(d.Needs, one)
		}
		list = append(list, d)
	}
	return list
}

// Unstopped returns the full names of all processes that are not at rest.
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
