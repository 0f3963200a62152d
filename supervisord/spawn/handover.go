package spawn

import (
	"fmt"

	"supervisor/supervisord/system/pipes"
)

// HandedOver is what a program that this process executes next needs to go on
// with a child.
type HandedOver struct {
	// FDs are descriptors of the daemon's ends of the child's stdin, stdout and
	// stderr, -1 for none.
	FDs [3]int
	// Unsent is what the child's stdin did not take yet.
	Unsent []byte
	// Adopted tells that the child is one of a daemon that had crashed: this
	// process can't wait for it.
	Adopted bool
	// Exit tells how the child has ended, nil if it has not. The descriptors are
	// -1 then, and all its output has been passed on.
	Exit *Exit
}

// PauseReaping has nobody reaped and no signal given to a dead child's pid until
// Release: who ends meanwhile is left to whoever is this process then. It
// returns when the reaping under way is over.
func (s *Spawner) PauseReaping() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reapPaused = true
}

// ResumeReaping takes Hold back. The children that have been bequeathed must have
// been adopted.
func (s *Spawner) ResumeReaping() {
	s.mu.Lock()
	s.reapPaused = false
	s.mu.Unlock()
	s.reap()
}

// HandOver implements Child.
func (c *child) HandOver() (HandedOver, error) {
	b := HandedOver{FDs: [3]int{-1, -1, -1}, Adopted: c.send != nil}
	c.spawner.mu.Lock()
	reaped := c.reaped
	c.reaped = true // nobody else is to bury it
	delete(c.spawner.children, c.pid)
	c.spawner.mu.Unlock()
	if reaped {
		e := <-c.exits // soon: a burial has a limit
		if e.Code == 0 {
			e.DaemonisedPID = c.DaemonisedPID() // who comes next can't find that out
		}
		b.Exit = &e
		return b, nil
	}
	var err error
	if c.stdin != nil {
		if b.FDs[0], err = pipes.Duplicate(c.stdin.fd); err != nil {
			return b, fmt.Errorf("hand over a pipe: %w", err)
		}
		b.Unsent = c.stdin.handOver()
	}
	for _, p := range c.outputs {
		if b.FDs[p.ChildFD()], err = p.HandOver(); err != nil {
			return b, err
		}
	}
	return b, nil
}
