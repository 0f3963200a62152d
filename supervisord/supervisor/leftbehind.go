package supervisor

import "supervisor/supervisord/api"

// LeftBehind tells whom the last stop of a process has left behind, for those
// whose configuration asks for it: "web: left behind pid 123 (sleep 100)" for
// each process that there is something to tell of. They are named as callers
// name them; results are those of a call for many.
func (s *Supervisor) LeftBehind(name string, results []api.CallResult) []string {
	if results == nil {
		return s.leftBehind(nil, name)
	}
	var all []string
	for _, r := range results {
		all = s.leftBehind(all, r.Group+":"+r.Name)
	}
	return all
}

func (s *Supervisor) leftBehind(all []string, name string) []string {
	p, err := s.single(name)
	if err != nil {
		return all
	}
	if left := p.Status().Leftovers; left != "" {
		all = append(all, p.FullName()+": left behind "+left)
	}
	return all
}
