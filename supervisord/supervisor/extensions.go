package supervisor

import (
	"supervisor/supervisord/api"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
)

// extensions are the functions with which policies and [socket:x] take part in what happens
// to processes. They are complete before Activate.
type extensions struct {
	observers  []func(*process.Process)
	explainers []func(*process.Process) []api.Reason
	providers  []func(*config.Process) process.Provider
}

// Observe adds a function that is called after each change of the status of any process, by
// the goroutine that owns the process: it must not block, nor call the process. A last call
// comes when the process has been removed (process.IsOver). Observe is called before
// Activate.
func (e *extensions) Observe(f func(*process.Process)) { e.observers = append(e.observers, f) }

// Explain adds a function whose result is added to the reasons of a process (Why). It may be
// called from any goroutine and must not block. Explain is called before Activate.
func (e *extensions) Explain(f func(*process.Process) []api.Reason) {
	e.explainers = append(e.explainers, f)
}

// Provide adds a function that returns what adds variables and descriptors to the spawns of a
// process with that configuration, nil for nothing. It is called for each process that is
// made, and must not block. Provide is called before Activate.
func (e *extensions) Provide(f func(*config.Process) process.Provider) {
	e.providers = append(e.providers, f)
}

// providersOf returns what adds variables and descriptors to the spawns of a process.
func (e *extensions) providersOf(c *config.Process) []process.Provider {
	var all []process.Provider
	for _, f := range e.providers {
		if p := f(c); p != nil {
			all = append(all, p)
		}
	}
	return all
}

// changeCallback returns what a process calls after a change, nil for nothing.
func (s *Supervisor) changeCallback() func(*process.Process) {
	hook := s.opts.Hooks.Changed
	switch {
	case len(s.observers) == 0:
		return hook
	case hook == nil && len(s.observers) == 1:
		return s.observers[0]
	}
	return func(p *process.Process) {
		if hook != nil {
			hook(p)
		}
		for _, f := range s.observers {
			f(p)
		}
	}
}
