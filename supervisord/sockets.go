package supervisord

import (
	"fmt"

	"supervisor/supervisord/api/namespec"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process/activation"
	"supervisor/supervisord/supervisor"
	"supervisor/supervisord/system/pidfd"
)

// recoverSockets are those of [socket:x] that are open already: handed over, or in the
// hands of children that have outlived an earlier daemon. They are looked for
// before anybody is born, who would have them bound anew.
func (l *daemonRun) recoverSockets(e *savedState) *activation.Set {
	var inherited []activation.HandedOver
	if l.handedOver != nil {
		inherited = l.handedOver.Sockets
	}
	set := activation.New(l.log, inherited)
	lost := make(map[*config.Process]error)
	l.eachSurvivor(e, func(p *config.Process, left *supervisor.SavedState) {
		if len(p.Listen) > 0 {
			if err := set.Recover(p.Listen, left.Child.PID); err != nil {
				lost[p] = err
			}
		}
		if p.Socket != nil && left.Socket == nil {
			var err error
			if left.Socket, err = pidfd.Duplicate(left.Child.PID, 0); err != nil {
				left.NoSocket = err.Error()
			}
		}
	})
	l.eachSurvivor(e, func(p *config.Process, left *supervisor.SavedState) {
		if err := lost[p]; err != nil && !set.Has(p.Listen) { // nor has another process had them
			left.NoSocket = err.Error()
		}
		if left.NoSocket != "" && !left.Unwanted {
			l.log.Warn(fmt.Sprintf("restarting '%s' (pid %d): it can't stay adopted, since the socket that it listens on can't be had (%s)",
				namespec.Join(p.Group, p.Name), left.Child.PID, left.NoSocket))
		}
	})
	return set
}

// eachSurvivor calls f for each process whose child has outlived an earlier daemon.
func (l *daemonRun) eachSurvivor(e *savedState, f func(*config.Process, *supervisor.SavedState)) {
	for _, g := range l.conf.Groups {
		for _, p := range g.Processes {
			if left := e.saved[namespec.Join(p.Group, p.Name)]; left != nil && left.Child.IsAlive() {
				f(p, left)
			}
		}
	}
}
