package recovery

import (
	"fmt"

	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/process/activation"
	"supervisor/supervisord/system/pidfd"
)

// Sockets returns the sockets of [socket:x] that are open already: handed over, or
// among the descriptors of children that survived an earlier daemon. It is called
// before anything is spawned, which would bind them anew.
func (c *Claim) Sockets() *activation.Set {
	set := activation.New(c.log, nil, nil)
	if h := c.handover; h != nil {
		set = activation.New(c.log, h.Sockets, h.Descriptors)
	}
	lost := make(map[*config.Process]error)
	c.eachSurvivor(func(p *config.Process, left *process.Saved) {
		if len(p.Listen) > 0 {
			if err := set.Recover(p.Listen, left.PID); err != nil {
				lost[p] = err
			}
		}
		if p.Socket != nil && left.Socket == nil {
			var err error
			if left.Socket, err = pidfd.Duplicate(left.PID, 0); err != nil {
				left.NoSocket = err.Error()
			}
		}
	})
	c.eachSurvivor(func(p *config.Process, left *process.Saved) {
		if err := lost[p]; err != nil && !set.Has(p.Listen) { // nor does another process have them
			left.NoSocket = err.Error()
		}
		if left.NoSocket != "" && !left.Unwanted {
			c.log.Warn(fmt.Sprintf("restarting '%s' (pid %d): it can't stay adopted, since the socket that it listens on can't be had (%s)",
				namespec.Join(p.Group, p.Name), left.PID, left.NoSocket))
		}
	})
	return set
}

// eachSurvivor calls f for each process whose child survived an earlier daemon.
func (c *Claim) eachSurvivor(f func(*config.Process, *process.Saved)) {
	for _, g := range c.Config.Groups {
		for _, p := range g.Processes {
			if left := c.Processes[namespec.Join(p.Group, p.Name)]; left != nil && left.IsAlive() {
				f(p, left)
			}
		}
	}
}
