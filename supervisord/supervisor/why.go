package supervisor

import (
	"supervisor/supervisord/api"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
)

// Policies beside the processes are callers like any others. Three things are
// only for them: they hear of each change, they have a say when somebody asks
// why, and they add to births.

// Observe has f called after each change of the status of any process, from the
// goroutine that owns the process: f must not block, nor call the process. A last
// call tells that the process has been removed (process.IsOver). It is called before
// Activate.
func (s *Supervisor) Observe(f func(*process.Process)) { s.observers = append(s.observers, f) }

// Explain has f add to what Why says of a process. f may be called from any
// goroutine and must not block. It is called before Activate.
func (s *Supervisor) Explain(f func(*process.Process) []api.Reason) {
	s.explainers = append(s.explainers, f)
}

// Provide has f tell what adds to the births of the processes made of a
// configuration, nil for nothing. It is called before Activate, f for each process
// that is made, and must not block.
func (s *Supervisor) Provide(f func(*config.Process) process.Provider) {
	s.providers = append(s.providers, f)
}

// providersOf asks all who may add to the births of a process.
func (s *Supervisor) providersOf(c *config.Process) []process.Provider {
	var all []process.Provider
	for _, f := range s.providers {
		if p := f(c); p != nil {
			all = append(all, p)
		}
	}
	return all
}

// changeCallback returns what a process calls after a change, nil for nothing.
func (s *Supervisor) changeCallback() func(*process.Process) {
	switch {
	case len(s.observers) == 0:
		return s.opts.Hooks.Changed
	case s.opts.Hooks.Changed == nil && len(s.observers) == 1:
		return s.observers[0]
	}
	return func(p *process.Process) {
		if s.opts.Hooks.Changed != nil {
			s.opts.Hooks.Changed(p)
		}
		for _, f := range s.observers {
			f(p)
		}
	}
}
