package supervisor

import (
	"supervisor/supervisord/api"
)

// Dependencies tells what all processes depend on, those first that others of
// them need.
func (s *Supervisor) Dependencies() []api.Dependencies {
	r := s.related()
	var list []api.Dependencies
	for _, p := range r.inOrder(s.everybody()) {
		d := api.Dependencies{Name: p.FullName(), StateName: p.Status().State.String(), Needs: []api.Need{}, WaitFor: []string{}}
		for _, probe := range p.Current().WaitFor {
			d.WaitFor = append(d.WaitFor, probe.Text)
		}
		for _, n := range r.of[p] {
			one := api.Need{Text: n.Text, On: []string{}, Condition: n.Condition.String(), Soft: n.Soft, Together: n.Together}
			for _, t := range n.on {
				one.On = append(one.On, t.FullName())
			}
			if l := r.lack(n); l != nil {
				one.Lack = l.where
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
