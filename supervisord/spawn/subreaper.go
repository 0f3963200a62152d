package spawn

import (
	"os"
	"strconv"
	"syscall"

	"supervisor/supervisord/system/procfs"
)

// SetSubreaper asks the kernel to hand over the processes that children leave
// behind when they end, or to stop doing so. Process 1 gets them anyway. The
// error is that of the system; ENOTSUP where there is no such thing.
func (s *Spawner) SetSubreaper(yes bool) error {
	if err := setSubreaper(yes); err != nil {
		return err
	}
	s.reapsOrphans.Store(yes || os.Getpid() == 1)
	return nil
}

// DaemonisedPID implements Child. A child is survived by its own when it has gone into
// the background, as daemons do without a supervisor.
//
// The kernel hands the orphans over before it tells of the death, so there is
// no moment at which they can be missed. Who left them is in their environment,
// which outlasts forks, sessions and process groups.
func (c *child) DaemonisedPID() int {
	if len(c.markers) == 0 || !c.spawner.reapsOrphans.Load() {
		return 0
	}
	for _, pid := range orphans() {
		if !c.spawner.isChild(pid) && procfs.HasVariables(pid, c.markers) {
			return pid
		}
	}
	return 0
}

// isChild tells whether a process is one that the spawner made.
func (s *Spawner) isChild(pid int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.children[pid] != nil || s.forking > 0 // which of them is new is not known yet
}

func (s *Spawner) logUnknownPID(pid int, ws syscall.WaitStatus) {
	text := "reaped unknown pid " + strconv.Itoa(pid) + " (" + exitOf(ws).String() + ")"
	if s.reapsOrphans.Load() && os.Getpid() != 1 {
		s.log.Debug(text) // we asked for it; Supervisor would not have heard of it
		return
	}
	s.log.Info(text)
}
