package supervisor

import (
	"fmt"
	"time"

	"supervisor/supervisord/api"
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

// limits tells how many restarts are used up, and what a stop waits for or has
// left, where the configuration asks for such things.
func limits(c *config.Process, st *process.Status, now time.Time) (causes []api.Cause) {
	if c.Restart.Limit > 0 && st.Restarts != nil {
		used := 0
		for _, at := range *st.Restarts {
			if now.Sub(at) < c.Restart.Window {
				used++
			}
		}
		causes = append(causes, api.Cause{Kind: "budget", Text: fmt.Sprintf("%d of %d restarts within %s are used up", used, c.Restart.Limit, config.FormatDuration(c.Restart.Window))})
	}
	if st.Leaderless {
		causes = append(causes, api.Cause{Kind: "exit", Text: "the child has ended, others who belong to it have not"})
	}
	if st.Left != "" {
		causes = append(causes, api.Cause{Kind: "exit", Text: "the last stop has left behind " + st.Left})
	}
	return causes
}
