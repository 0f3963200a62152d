package supervisor

import (
	"fmt"

	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
)

// onRestartLimit does what restart_limit_action says about other processes than the one
// that has been restarted too often. That one calls it, so it must not wait for it.
func (s *Supervisor) onRestartLimit(p *process.Process, reason string, code int) {
	switch p.CurrentConfig().Restart.LimitAction {
	case config.LimitStopGroup:
		s.wg.Go(func() { s.stopSiblings(p) })
	case config.LimitExit:
		s.ExitWith(fmt.Sprintf("%s was %s", p.FullName(), reason), code)
	case config.LimitFatal:
	}
}

// stopSiblings stops all other processes of the group, also those about to be restarted. A
// process that does not run is no failure.
func (s *Supervisor) stopSiblings(limited *process.Process) {
	g := s.groups.Find(limited.Config.Group)
	if g == nil {
		return
	}
	for _, p := range g.ByPriority() {
		if p != limited {
			p.StopBy("restart_limit of "+limited.Config.Name, p.FullName(), false)
		}
	}
}
