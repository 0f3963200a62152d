package order

import (
	"slices"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
)

// IsStoppable reports whether a process runs or will run without an operator asking
// for it. A restart that Supervisor makes too, at most a second after the exit, does
// not count.
func IsStoppable(conf *config.Process, st *process.Status) bool {
	switch st.State {
	case states.Stopping:
		return st.WaitingFor != "" || st.StartPending && st.StartPendingBy != ""
	case states.Exited:
		return st.WaitingFor != "" || st.StartDue && conf.Restart.HasDelay()
	case states.Stopped, states.Starting, states.Running, states.Backoff, states.Fatal, states.Unknown:
	}
	return st.State.IsRunning() || st.WaitingFor != ""
}

// Together is what happens to a process when one that it is restarted together with
// (db!) has left.
type Together int

// What happens.
const (
	Nothing    Together = iota // it does not run, or an operator decides
	StopFirst                  // it is stopped, and started when its dependencies are met
	StartAgain                 // it has exited and was about to be restarted
)

// RestartTogether says what happens to a process in some status.
func RestartTogether(st *process.Status) Together {
	switch st.State {
	case states.Starting, states.Running, states.Backoff:
		return StopFirst
	case states.Exited:
		if st.StartDue {
			return StartAgain
		}
	case states.Stopped, states.Stopping, states.Fatal, states.Unknown:
	}
	return Nothing
}

// Shutdown is the order in which a shutdown stops all processes: each after all that
// depend on it. Among those that could stop, the highest level goes first, and a lower
// one once nothing is left above it.
type Shutdown[P Process] struct {
	steps []*shutdownStep[P]
	known map[P]*shutdownStep[P]
	left  int
}

// shutdownStep is the stop of one process.
type shutdownStep[P Process] struct {
	process   P
	level     int
	after     []*shutdownStep[P]
	requested bool
	stopped   bool
}

// Leveled is a process and its level.
type Leveled[P Process] struct {
	Process P
	Level   int
}

// NewShutdown returns the order for processes that are listed as they would stop
// without any dependencies.
func NewShutdown[P Process](g *Graph[P], list []Leveled[P]) *Shutdown[P] {
	s := &Shutdown[P]{known: make(map[P]*shutdownStep[P], len(list)), left: len(list)}
	for _, l := range list {
		step := &shutdownStep[P]{process: l.Process, level: l.Level}
		s.steps, s.known[l.Process] = append(s.steps, step), step
	}
	for _, step := range s.steps {
		for _, d := range g.On(step.process) {
			if dependent := s.known[d.From]; dependent != nil {
				step.after = append(step.after, dependent)
			}
		}
	}
	return s
}

// Left returns how many processes have not stopped.
func (s *Shutdown[P]) Left() int { return s.left }

// Stopped notes that a process has stopped.
func (s *Shutdown[P]) Stopped(p P) {
	s.known[p].stopped = true
	s.left--
}

// Next returns the processes that are to be asked to stop now. Each is returned once.
// If all that are left depend on one another they stop together.
func (s *Shutdown[P]) Next() []P {
	var highest *shutdownStep[P]
	isStuck := true
	for _, step := range s.steps {
		if step.stopped || !step.requested && !step.canStop() {
			continue
		}
		isStuck = false
		if highest == nil || step.level > highest.level {
			highest = step
		}
	}
	var list []P
	for _, step := range s.steps {
		if !step.stopped && !step.requested && (isStuck || step.canStop() && step.level == highest.level) {
			step.requested = true
			list = append(list, step.process)
		}
	}
	return list
}

func (s *shutdownStep[P]) canStop() bool {
	return !slices.ContainsFunc(s.after, func(o *shutdownStep[P]) bool { return !o.stopped })
}
