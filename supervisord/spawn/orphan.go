package spawn

// Traces are what a later daemon knows a child by. On systems without a way to
// take over children they are all zero.
type Traces struct {
	// Born is the time of the fork, in the kernel's clock ticks since it was
	// booted. A pid alone says nothing: it may be somebody else's by now.
	Born uint64
	// Stdin, Stdout and Stderr are the inodes of the child's pipes, 0 for none.
	Stdin, Stdout, Stderr uint64
}

// Orphan is a child whose daemon ended without it.
type Orphan struct {
	PID int
	Traces
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
func (o *Orphan) IsAlive() bool { return o.Born != 0 && Birthday(o.PID) == o.Born }

// GoneError tells that an orphan has ended, or that there is no way to be sure
// that a process is it.
type GoneError struct{ Exit Exit }

// Error tells how it ended, as far as is known.
func (e *GoneError) Error() string { return "the process has ended: " + e.Exit.String() }

// Muted is a Child whose output may be read by nobody.
type Muted interface {
	// Muted tells why the output of an adopted child can't be read though it goes
	// to us still, nil if it can. Such a child blocks as soon as its pipe is full.
	Muted() error
}

// Muted implements Muted.
func (c *child) Muted() error { return c.muted }

// Traces implements Child.
func (c *child) Traces() Traces {
	c.spawner.mu.Lock()
	defer c.spawner.mu.Unlock()
	if c.traces.Born == 0 && !c.reaped { // so the pid can't have become somebody else's
		c.traces = c.findTraces()
	}
	return c.traces
}

// findTraces finds out by what a child of ours will be known.
func (c *child) findTraces() Traces {
	t := Traces{Born: Birthday(c.pid)}
	if c.stdin != nil {
		t.Stdin = inode(c.stdin.fd)
	}
	for _, p := range c.pumps {
		if p.of == 1 {
			t.Stdout = p.inode
		} else {
			t.Stderr = p.inode
		}
	}
	return t
}
