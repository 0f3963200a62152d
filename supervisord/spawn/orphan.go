package spawn

import (
	"supervisor/supervisord/system/pipes"
	"supervisor/supervisord/system/procfs"
)

// ProcessIdentity identifies a child to a later daemon. On systems where children can't be
// adopted all fields are zero.
type ProcessIdentity struct {
	// StartTime is the time of the fork, in the kernel's clock ticks since boot. A pid
	// alone identifies nothing: it may be another process's by now.
	StartTime uint64 `json:"Born,omitempty"`
	// Stdin, Stdout and Stderr are the inodes of the child's pipes, 0 for none.
	Stdin  uint64 `json:",omitempty"`
	Stdout uint64 `json:",omitempty"`
	Stderr uint64 `json:",omitempty"`
}

// ChildState is what outlives a daemon of a child, beside its pid and its pipes. The
// journal and an upgrade record it under these JSON names.
type ChildState struct {
	ProcessIdentity
	// Cgroup is the path of the child's control group, "" if none is known.
	Cgroup string `json:",omitempty"`

	// What follows is known only if the daemon handed over the child.

	// Unsent is what its stdin has not taken yet.
	Unsent []byte `json:",omitempty"`
	// Adopted says that the child is not a child of this process, which can't wait for
	// it.
	Adopted bool `json:",omitempty"`
	// Exit is how the child exited, nil if it has not. All its output was passed on.
	Exit *Exit `json:",omitempty"`
}

// Orphan is a child that its daemon has left: the daemon has exited, or this process
// executed another program.
type Orphan struct {
	PID int
	ChildState
	// FDs are the daemon's ends of the child's stdin, stdout and stderr, -1 for those
	// that the child does not have. They come from the program that this process executed
	// before, or from Reopen. Adopt takes them over. nil means that Adopt opens them.
	FDs *[3]int
	// IsOurs says that the child is a child of this process.
	IsOurs bool
}

// IsAlive reports whether the orphan lives. It may exit a moment later; only Adopt is
// certain.
func (o *Orphan) IsAlive() bool { return o.StartTime != 0 && procfs.StartTime(o.PID) == o.StartTime }

// GoneError means that an orphan has exited, or that the process can't be identified as
// the orphan.
type GoneError struct{ Exit Exit }

// Error says how the orphan exited, as far as is known.
func (e *GoneError) Error() string { return "the process has ended: " + e.Exit.String() }

// OutputChecker is a Child whose output may be lost.
type OutputChecker interface {
	// OutputError returns why the daemon can't read the pipes of an adopted child, or
	// nil. Such a child blocks as soon as its pipe is full.
	OutputError() error
}

// OutputError implements OutputChecker.
func (c *child) OutputError() error { return c.outputErr }

// Identity implements Child.
func (c *child) Identity() ProcessIdentity {
	c.spawner.mu.Lock()
	defer c.spawner.mu.Unlock()
	if c.identity.StartTime == 0 && !c.reaped { // no other process can have the pid
		c.identity = c.findIdentity()
	}
	return c.identity
}

func (c *child) findIdentity() ProcessIdentity {
	id := ProcessIdentity{StartTime: procfs.StartTime(c.pid)}
	if c.stdin != nil {
		id.Stdin = pipes.Inode(c.stdin.fd)
	}
	for _, r := range c.outputs {
		if r.ChildFD() == 1 {
			id.Stdout = r.Inode()
		} else {
			id.Stderr = r.Inode()
		}
	}
	return id
}
