package spawn

import (
	"os"
	"strconv"
	"syscall"

	"supervisor/supervisord/system/procfs"
)

// SetSubreaper makes the kernel pass the orphans of children to this process, or stops
// that. Process 1 gets them anyway. The error is the system's; it is ENOTSUP where there
// are no subreapers.
func (s *Spawner) SetSubreaper(enable bool) error {
	if err := setSubreaper(enable); err != nil {
		return err
	}
	s.reapsOrphans.Store(enable || os.Getpid() == 1)
	return nil
}

// DaemonisedPID implements Child. A daemon that puts itself into the background exits and
// leaves a child of its own behind.
//
// The kernel passes orphans on before it reports the exit of their parent, so none can be
// missed. The markers in their environment say which child has left them; the environment
// stays the same through forks, sessions and process groups.
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

// isChild reports whether the spawner has made a process. While a fork is under way it
// returns true for every process: the pid of the new child is not known yet.
func (s *Spawner) isChild(pid int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.children[pid] != nil || s.forking > 0
}

func (s *Spawner) logUnknownPID(pid int, ws syscall.WaitStatus) {
	text := "reaped unknown pid " + strconv.Itoa(pid) + " (" + exitOf(ws).String() + ")"
	if s.reapsOrphans.Load() && os.Getpid() != 1 {
		s.log.Debug(text) // only a subreaper sees these; Supervisor is none
		return
	}
	s.log.Info(text)
}
