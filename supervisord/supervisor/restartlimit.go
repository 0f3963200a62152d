package supervisor

import (
	"fmt"
	"time"

	"supervisor/supervisord/api"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
)

// onRestartLimit is what restart_limit_action has to do with others than the process
// that has been restarted too often. The process calls it, so it must not wait
// for that one.
func (s *Supervisor) onRestartLimit(p *process.Process, reason string, code int) {
	switch p.CurrentConfig().Restart.LimitAction {
	case config.LimitStopGroup:
		s.wg.Go(func() { s.stopSiblings(p) })
	case config.LimitExit:
		s.ExitWith(fmt.Sprintf("%s was %s", p.FullName(), reason), code)
	case config.LimitFatal:
	}
}

// stopSiblings stops all others of the group, those that are about to be
// restarted too. That one does not run is no failure.
func (s *Supervisor) stopSiblings(limited *process.Process) {
	g := s.find(limited.Config.Group)
	if g == nil {
		return
	}
	for _, p := range g.ByPriority() {
		if p != limited {
			p.StopBy("restart_limit of "+limited.Config.Name, p.FullName(), false)
		}
	}
}

// explainLimits tells how many restarts are used up, and what a stop waits for or has
// left, where the configuration asks for such things.
func explainLimits(c *config.Process, st *process.Status, now time.Time) (reasons []api.Reason) {
	if c.Restart.Limit > 0 && st.Restarts != nil {
		used := 0
		for _, at := range *st.Restarts {
			if now.Sub(at) < c.Restart.Window {
				used++
			}
		}
		reasons = append(reasons, api.Reason{Kind: "budget", Text: fmt.Sprintf("%d of %d restarts within %s are used up", used, c.Restart.Limit, config.FormatDuration(c.Restart.Window))})
	}
	if st.LeaderExited {
		reasons = append(reasons, api.Reason{Kind: "exit", Text: "the child has ended, others who belong to it have not"})
	}
	if st.Leftovers != "" {
		reasons = append(reasons, api.Reason{Kind: "exit", Text: "the last stop has left behind " + st.Leftovers})
	}
	return reasons
}
