package supervisor

import (
	"sync"

	"supervisor/supervisord/api/states"
)

// verdict is why the daemon ends, other than because somebody asked it to.
type verdict struct {
	mu    sync.Mutex
	cause string
	code  int
}

// GiveUp asks the daemon to stop all programs and end, with code as its exit
// status, because of what cause tells: which program, and what became of it. It
// returns at once and may be called from anywhere, Options.Changed included.
// The first one counts. During a shutdown or restart that was asked for it has
// no effect: what ends then was told to.
func (s *Supervisor) GiveUp(cause string, code int) {
	s.verdict.mu.Lock()
	defer s.verdict.mu.Unlock()
	if !s.mood.CompareAndSwap(int32(states.DaemonRunning), int32(states.DaemonShutdown)) {
		return
	}
	s.verdict.cause, s.verdict.code = cause, code
	s.Log.Warn("giving up, all programs are to stop: " + cause)
	s.wake()
}

// Verdict returns what GiveUp was told, "" and 0 if the daemon was not given up.
func (s *Supervisor) Verdict() (cause string, code int) {
	s.verdict.mu.Lock()
	defer s.verdict.mu.Unlock()
	return s.verdict.cause, s.verdict.code
}
