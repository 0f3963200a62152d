//go:build !linux

package spawn

import "syscall"

// canMask tells whether a child can be forked with a umask of its own. Here
// the mask belongs to the whole process; the first stage sets it.
const canMask = false

type umasks struct{}

func (umasks) forkExec(spec *Spec, attr *syscall.ProcAttr) (int, error) {
	return syscall.ForkExec(spec.Path, spec.Args, attr)
}

func (umasks) stop() {}
