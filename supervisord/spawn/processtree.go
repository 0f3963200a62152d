package spawn

import (
	"syscall"

	"supervisor/supervisord/spawn/descendants"
)

// ProcessTree is a child with a Scope and its descendants, see descendants.Tree. The
// methods may block for as long as it takes to look at all processes of the system. They
// must not be called after Release.
type ProcessTree interface {
	// Signal sends sig to the child, if it lives, and to the processes in its scope;
	// with all, to all descendants that are known. It never reaches another process.
	// It returns syscall.ESRCH if there was no process, and the kernel's error if none
	// could be signalled.
	Signal(sig syscall.Signal, all bool) error
	// Remaining lists the descendants that live, without the child.
	Remaining() []descendants.Process
	// Watch returns a channel that is closed when the child was reaped and no process
	// in its scope lives; with all, no descendant that is known.
	Watch(all bool) <-chan struct{}
	// Cgroup is the path of the control group, "" for none.
	Cgroup() string
	// Release stops tracking the descendants, and removes the control group once it is
	// empty. It signals no process.
	Release()
}

// TreeOwner is a Child that may have a ProcessTree.
type TreeOwner interface {
	// ProcessTree returns the tree of a child whose Spec has a Scope, nil for other
	// children. It outlasts the child.
	ProcessTree() ProcessTree
}

// newTracker returns the tracker of the daemon's children.
func (s *Spawner) newTracker() *descendants.Tracker {
	return descendants.NewTracker(descendants.Daemon{
		Log: s.log, Poller: s.poller, ReapsOrphans: s.reapsOrphans.Load, IsSpawned: s.isSpawned, NoPidfd: s.warnNoPidfd,
	})
}

func treeOptions(spec *Spec) descendants.Options {
	return descendants.Options{Scope: spec.Scope, Label: spec.Label, Markers: spec.Markers, DaemonMarker: spec.DaemonMarker}
}

// findTree returns the tree of an earlier daemon's child.
func (s *Spawner) findTree(c *child, spec *Spec, o *Orphan) *descendants.Tree {
	return s.tracker.Find(c, treeOptions(spec), descendants.Survivor{PID: o.PID, StartTime: o.StartTime, Cgroup: o.Cgroup})
}

// ProcessTree implements TreeOwner.
func (c *child) ProcessTree() ProcessTree {
	if c.tree == nil {
		return nil
	}
	return c.tree
}

// ProcessTreeOf returns the tree of a child that has exited, with the descendants that it
// may have left.
func (s *Spawner) ProcessTreeOf(o *Orphan, spec *Spec) ProcessTree {
	c := &child{spawner: s, pid: o.PID, reaped: true}
	c.tree = s.findTree(c, spec, o)
	return c.ProcessTree()
}

// LastAliveTick implements descendants.Leader.
func (c *child) LastAliveTick() uint64 {
	c.spawner.mu.Lock()
	defer c.spawner.mu.Unlock()
	return c.aliveTick
}

// IsReaped implements descendants.Leader.
func (c *child) IsReaped() bool {
	c.spawner.mu.Lock()
	defer c.spawner.mu.Unlock()
	return c.reaped
}

// isSpawned reports whether the spawner has made a process that is a child of this one.
// While forks are under way that is unsure for a process that started no earlier.
func (s *Spawner) isSpawned(pid int, startTime uint64) (spawned, unsure bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.children[pid] != nil {
		return true, false
	}
	return false, s.forking > 0 && startTime >= s.forkingSince
}
