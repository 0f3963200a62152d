//go:build !linux

package spawn

import "syscall"

// canSetUmask tells whether a child can be forked with a umask of its own. Here
// the mask belongs to the whole process; the first stage sets it.
const canSetUmask = false

type umaskForker struct{}

func (umaskForker) forkExec(spec *Spec, attr *syscall.ProcAttr) (int, error) {
	return syscall.ForkExec(spec.Path, spec.Args, attr)
}

func (umaskForker) stop() {}
