//go:build !linux

package descendants

import "syscall"

// Tree is the process group of a child. There is no way to look at its members.
type Tree struct{ leader Leader }

type cgroups struct{}

// New returns the tree of a child that is about to be forked, nil for ScopeNone.
func (t *Tracker) New(leader Leader, o Options) *Tree {
	if o.Scope == ScopeNone {
		return nil
	}
	return &Tree{leader}
}

// Find returns the tree of a child of an earlier daemon, nil for ScopeNone.
func (t *Tracker) Find(leader Leader, o Options, _ Survivor) *Tree { return t.New(leader, o) }

// EnterCgroup does nothing on this system.
func (t *Tree) EnterCgroup(*syscall.SysProcAttr) (done func()) { return func() {} }

// LeaveCgroup does nothing on this system.
func (t *Tree) LeaveCgroup(*syscall.SysProcAttr, error) bool { return false }

// Signal sends sig to the process group, as long as its leader lives: afterwards the
// number may be another group's.
func (t *Tree) Signal(sig syscall.Signal, _ bool) error { return t.leader.Signal(sig, true) }

// Remaining returns nothing on this system.
func (t *Tree) Remaining() []Process { return nil }

// Watch returns a channel that is closed.
func (t *Tree) Watch(bool) <-chan struct{} {
	done := make(chan struct{})
	close(done)
	return done
}

// Cgroup returns "": there are no control groups on this system.
func (t *Tree) Cgroup() string { return "" }

// Release does nothing on this system.
func (t *Tree) Release() {}
