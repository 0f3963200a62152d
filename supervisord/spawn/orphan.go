package spawn

import (
	"supervisor/supervisord/system/procfs"

	"supervisor/supervisord/system/pipes"
)

// ProcessIdentity are what a later daemon knows a child by. On systems without a way to
// take over children they are all zero.
type ProcessIdentity struct {
	// Born is the time of the fork, in the kernel's clock ticks since it was
	// booted. A pid alone says nothing: it may be somebody else's by now.
	StartTime uint64
	// Stdin, Stdout and Stderr are the inodes of the child's pipes, 0 for none.
	Stdin, Stdout, Stderr uint64
}

// Orphan is a child whose daemon ended without it.
type Orphan struct {
	PID int
	ProcessIdentity
	// FDs are the daemon's ends of the child's stdin, stdout and stderr, where
	// it has been this very process before it executed another program, or from
	// Reopen; -1 for those that the child does not have. Adopt takes them over.
	// They are nil if they are still to be opened.
	FDs *[3]int
	// Cgroup is the path of the child's control group, "" for none that is known.
	Cgroup string
	// IsOurs tells that the child is one of this process.
	IsOurs bool
	// Unsent is what its stdin did not take yet.
	Unsent []byte
}

// IsAlive tells whether the orphan is still there. It may be gone a moment
// later; Adopt tells for certain.
func (o *Orphan) IsAlive() bool { return o.StartTime != 0 && procfs.StartTime(o.PID) == o.StartTime }

// GoneError tells that an orphan has ended, or that there is no way to be sure
// that a process is it.
type GoneError struct{ Exit Exit }

// Error tells how it ended, as far as is known.
func (e *GoneError) Error() string { return "the process has ended: " + e.Exit.String() }

// OutputChecker is a Child whose output may be read by nobody.
type OutputChecker interface {
	// Muted tells why the output of an adopted child can't be read though it goes
	// to us still, nil if it can. Such a child blocks as soon as its pipe is full.
	OutputError() error
}

// OutputError implements Muted.
func (c *child) OutputError() error { return c.outputErr }

// Identity implements Child.
func (c *child) Identity() ProcessIdentity {
	c.spawner.mu.Lock()
	defer c.spawner.mu.Unlock()
	if c.identity.StartTime == 0 && !c.reaped { // so the pid can't have become somebody else's
		c.identity = c.findIdentity()
	}
	return c.identity
}

// findIdentity finds out by what a child of ours will be known.
func (c *child) findIdentity() ProcessIdentity {
	t := ProcessIdentity{StartTime: procfs.StartTime(c.pid)}
	if c.stdin != nil {
		t.Stdin = pipes.Inode(c.stdin.fd)
	}
	for _, p := range c.outputs {
		if p.ChildFD() == 1 {
			t.Stdout = p.Inode()
		} else {
			t.Stderr = p.Inode()
		}
	}
	return t
}
