//go:build !linux

package spawn

import "syscall"

// processTree is the process group of a child, by its number: there is no way to look
// at its members.
type processTree struct{ child *child }

func (s *Spawner) newProcessTree(c *child, spec *Spec, _ *Orphan) *processTree {
	if spec.Scope == Unscoped {
		return nil
	}
	return &processTree{c}
}

// Signal implements Kin. Of a leader that is gone the number may be somebody
// else's.
func (k *processTree) Signal(sig syscall.Signal, _ bool) error { return k.child.Signal(sig, true) }

// Remaining implements Kin.
func (k *processTree) Remaining() []Descendant { return nil }

// Watch implements Kin.
func (k *processTree) Watch(bool) <-chan struct{} {
	done := make(chan struct{})
	close(done)
	return done
}

// Cgroup implements Kin.
func (k *processTree) Cgroup() string { return "" }

// Release implements Kin.
func (k *processTree) Release() {}

// cgroups are not there on this system.
type cgroups struct{}

// useCgroup does nothing.
func (s *Spawner) useCgroup(*child, *Spec, *syscall.SysProcAttr) (done func()) { return func() {} }

// dropCgroup does nothing.
func (s *Spawner) dropCgroup(*child, *syscall.SysProcAttr, error) bool { return false }
