package supervisor

import (
	"fmt"

	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
)

// exhausted is what restart_limit_action has to do with others than the process
// that has been restarted too often. The process calls it, so it must not wait
// for that one.
func (s *Supervisor) exhausted(p *process.Process, cause string, code int) {
	switch p.Current().Restart.Then {
	case config.LimitStopGroup:
		s.living.Go(func() { s.stopSiblings(p) })
	case config.LimitExit:
		s.GiveUp(fmt.Sprintf("%s was %s", p.FullName(), cause), code)
	case config.LimitFatal:
	}
}

// stopSiblings stops all others of the group, those that are about to be
// restarted too. That one does not run is no failure.
func (s *Supervisor) stopSiblings(exhausted *process.Process) {
	g := s.find(exhausted.Config.Group)
	if g == nil {
		return
	}
	for _, p := range g.InOrder() {
		if p != exhausted {
			p.StopBy("restart_limit of "+exhausted.Config.Name, p.FullName(), false)
		}
	}
}
