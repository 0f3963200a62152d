package supervisor

import (
	"sync"

	"supervisor/supervisord/api/states"
)

// exitReason is why the daemon ends, other than because somebody asked it to.
type exitReason struct {
	mu     sync.Mutex
	reason string
	code   int
}

// ExitWith asks the daemon to stop all programs and end, with code as its exit
// status, because of what cause tells: which program, and what became of it. It
// returns at once and may be called from anywhere, Options.Changed included.
// The first one counts. During a shutdown or restart that was asked for it has
// no effect: what ends then was told to.
func (s *Supervisor) ExitWith(reason string, code int) {
	s.exitReason.mu.Lock()
	defer s.exitReason.mu.Unlock()
	if !s.mood.CompareAndSwap(int32(states.DaemonRunning), int32(states.DaemonShutdown)) {
		return
	}
	s.exitReason.reason, s.exitReason.code = reason, code
	s.opts.Log.Warn("giving up, all programs are to stop: " + reason)
	s.wakeRun()
}

// ExitReason returns what GiveUp was told, "" and 0 if the daemon was not given up.
func (s *Supervisor) ExitReason() (reason string, code int) {
	s.exitReason.mu.Lock()
	defer s.exitReason.mu.Unlock()
	return s.exitReason.reason, s.exitReason.code
}
