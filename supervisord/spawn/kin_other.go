//go:build !linux

package spawn

import "syscall"

// kin is the process group of a child, by its number: there is no way to look
// at its members.
type kin struct{ child *child }

func (s *Spawner) newKin(c *child, spec *Spec, _ *Orphan) *kin {
	if spec.Scope == Unscoped {
		return nil
	}
	return &kin{c}
}

// Signal implements Kin. Of a leader that is gone the number may be somebody
// else's.
func (k *kin) Signal(sig syscall.Signal, _ bool) error { return k.child.Signal(sig, true) }

// Left implements Kin.
func (k *kin) Left() []Relative { return nil }

// Watch implements Kin.
func (k *kin) Watch(bool) <-chan struct{} {
	over := make(chan struct{})
	close(over)
	return over
}

// Cgroup implements Kin.
func (k *kin) Cgroup() string { return "" }

// Release implements Kin.
func (k *kin) Release() {}

// cgroups are not there on this system.
type cgroups struct{}

// enclose does nothing.
func (s *Spawner) enclose(*child, *Spec, *syscall.SysProcAttr) (done func()) { return func() {} }

// forsake does nothing.
func (s *Spawner) forsake(*child, *syscall.SysProcAttr, error) bool { return false }

func bootTicks() uint64 { return 0 }
