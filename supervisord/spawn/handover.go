package spawn

import (
	"fmt"

	"supervisor/supervisord/system/pipes"
)

// PauseReaping stops the reaping of children, and signals to the pids of children that
// have exited, until ResumeReaping: a child that exits meanwhile is left to the program
// that this process executes next. It returns when the reaping under way is over.
func (s *Spawner) PauseReaping() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reapPaused = true
}

// ResumeReaping ends PauseReaping. The children that were handed over must have been
// adopted.
func (s *Spawner) ResumeReaping() {
	s.mu.Lock()
	s.reapPaused = false
	s.mu.Unlock()
	s.reap()
}

// HandOver implements Child.
func (c *child) HandOver() (ChildState, [3]int, error) {
	fds := [3]int{-1, -1, -1}
	state := ChildState{ProcessIdentity: c.Identity(), Adopted: c.send != nil}
	c.spawner.mu.Lock()
	reaped := c.reaped
	c.reaped = true // nothing else may reap it
	delete(c.spawner.children, c.pid)
	c.spawner.mu.Unlock()
	if reaped {
		e := <-c.exits // soon: the time for its last output is limited
		if e.Code == 0 {
			e.DaemonisedPID = c.DaemonisedPID() // the next daemon can't find that out
		}
		state.Exit = &e
		return state, fds, nil
	}
	var err error
	if c.stdin != nil {
		if fds[0], err = pipes.Duplicate(c.stdin.fd); err != nil {
			return state, fds, fmt.Errorf("hand over a pipe: %w", err)
		}
		state.Unsent = c.stdin.handOver()
	}
	for _, p := range c.outputs {
		if fds[p.ChildFD()], err = p.HandOver(); err != nil {
			return state, fds, err
		}
	}
	return state, fds, nil
}
