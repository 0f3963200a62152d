package spawn

import "syscall"

// Scope says who belongs to a child beside itself.
type Scope int

// The scopes. Where a control group can't be had, it is the tree.
const (
	Unscoped    Scope = iota // nobody wants to know
	ScopeLeader              // nobody; descendants are known all the same
	ScopeGroup               // its process group
	ScopeTree                // its descendants
	ScopeCgroup              // who is in a control group of its own
)

// ProcessTree are a child with a Scope and its relatives. On systems without /proc they
// are the child's process group, of which nothing can be told. The methods may
// block for as long as it takes to look at all processes of the system. They
// must not be called after Release.
type ProcessTree interface {
	// Signal sends sig to the child, if it lives, and to those inside the scope;
	// with all, to every relative that is known. It never means anybody else. It
	// returns syscall.ESRCH if there was nobody, and the kernel's refusal if
	// nobody could be reached.
	Signal(sig syscall.Signal, all bool) error
	// Left lists the relatives that live, without the child.
	Remaining() []Descendant
	// Watch returns a channel that is closed when the child is gone and nobody
	// inside the scope lives any more; with all, no relative that is known.
	Watch(all bool) <-chan struct{}
	// Cgroup is the path of the control group, "" for none.
	Cgroup() string
	// Release gives up what is held of them, and removes the control group if
	// it is empty. Nobody is ended by it.
	Release()
}

// Descendant is a living descendant of a child, or member of its process group.
type Descendant struct {
	PID     int
	InScope bool   // the scope
	Command string // with arguments, cut short and without control characters
}

// TreeOwner is a Child that may have Kin.
type TreeOwner interface {
	// Kin returns those of a child whose Spec has a Scope, nil for all others.
	// They outlast the child's end.
	ProcessTree() ProcessTree
}

// ProcessTree implements Related.
func (c *child) ProcessTree() ProcessTree {
	if c.tree == nil {
		return nil
	}
	return c.tree
}

// ProcessTreeOf returns the relatives that a child, which has ended, may have left.
func (s *Spawner) ProcessTreeOf(o *Orphan, spec *Spec) ProcessTree {
	c := &child{spawner: s, pid: o.PID, reaped: true}
	c.tree = s.newProcessTree(c, spec, o)
	return c.ProcessTree()
}

// lastAliveTick is a time at which the child had not been reaped, 0 if none is known.
// Its number was nobody else's until then.
func (c *child) lastAliveTick() uint64 {
	c.spawner.mu.Lock()
	defer c.spawner.mu.Unlock()
	return c.aliveTick
}

// isGone tells whether the child has been reaped.
func (c *child) isGone() bool {
	c.spawner.mu.Lock()
	defer c.spawner.mu.Unlock()
	return c.reaped
}
