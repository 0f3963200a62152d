//go:build !linux

package spawn

import (
	"errors"
	"syscall"
)

// CanAdopt says whether this system lets a daemon adopt the children of another one.
const CanAdopt = false

// Adopt fails: only Linux lets a process open the pipes of another.
func (s *Spawner) Adopt(*Orphan, *Spec) (Child, error) {
	return nil, &GoneError{Exit{Code: -1}}
}

// Reopen does nothing on this system.
func (o *Orphan) Reopen() {}

// Close does nothing on this system.
func (o *Orphan) Close() {}

// Kill fails on this system.
func (o *Orphan) Kill() error { return errors.ErrUnsupported }

// canSetUmask says whether a child can be forked with a umask of its own. On this system
// the umask belongs to the whole process, so the executor sets it.
const canSetUmask = false

type umaskForker struct{}

func (umaskForker) forkExec(spec *Spec, attr *syscall.ProcAttr) (int, error) {
	return syscall.ForkExec(spec.Path, spec.Args, attr)
}

func (umaskForker) stop() {}

func setSubreaper(enable bool) error {
	if enable {
		return syscall.ENOTSUP
	}
	return nil
}

// orphans returns nothing: this system passes no orphans to a supervisor.
func orphans() []int { return nil }
