package spawn

import (
	"fmt"
	"slices"
	"syscall"

	"supervisor/supervisord/system/accounts"
)

// fork gives birth and returns the pid. What the direct way can't do, or fails
// to do, the first stage does over again, because only the child itself can
// tell which step failed.
func (s *Spawner) fork(c *child, spec *Spec) (int, error) {
	files, err := descriptors(c.childEnds, spec.Files)
	if err != nil {
		return 0, err
	}
	attr := &syscall.ProcAttr{
		Env:   spec.Env,
		Files: files,
		Sys:   &syscall.SysProcAttr{Setpgid: true},
	}
	closeCgroup := c.tree.EnterCgroup(attr.Sys)
	defer closeCgroup()
	pid, err := s.forkAs(spec, attr)
	if err != nil && c.tree.LeaveCgroup(attr.Sys, err) {
		return s.forkAs(spec, attr)
	}
	return pid, err
}

func (s *Spawner) forkAs(spec *Spec, attr *syscall.ProcAttr) (int, error) {
	attr.Dir = spec.Dir
	if canForkDirectly(spec) {
		if u := spec.Become; u != nil {
			attr.Sys.Credential = credential(u)
		}
		pid, err := s.umaskForker.forkExec(spec, attr)
		// A first stage needs even more of what there is none of. That a user has
		// none left is for it to tell.
		if err == nil || spec.Become == nil && (err == syscall.EAGAIN || err == syscall.ENOMEM) {
			return pid, err
		}
	}
	return forkExecutor(spec, attr)
}

// descriptors lists the child's descriptors by their numbers. What lies between
// them is closed in the child. Whatever the daemon has under those numbers stays
// its own: they are moved after the fork, in the order that takes.
func descriptors(standard [3]int, further []File) ([]uintptr, error) {
	const closed = ^uintptr(0)
	list := []uintptr{uintptr(standard[0]), uintptr(standard[1]), uintptr(standard[2])}
	for _, f := range further {
		if f.FD < len(standard) || f.FD >= maxDescriptors {
			return nil, fmt.Errorf("a child can't have a further descriptor %d", f.FD)
		}
		for len(list) <= f.FD {
			list = append(list, closed)
		}
		if list[f.FD] != closed {
			return nil, fmt.Errorf("a child can't have two descriptors %d", f.FD)
		}
		list[f.FD] = f.File.Fd()
	}
	return slices.Clip(list), nil
}

// maxDescriptors bounds the list above: few users may have more open anyway.
const maxDescriptors = 1024

// canForkDirectly tells whether the child needs no first stage.
func canForkDirectly(spec *Spec) bool {
	if spec.ListenPID || spec.WatchdogPID {
		return false
	}
	if spec.Become != nil && spec.Become.Refusal != "" {
		return false
	}
	return spec.Umask < 0 || canSetUmask
}

func credential(u *accounts.Credentials) *syscall.Credential {
	groups := make([]uint32, len(u.Groups))
	for i, g := range u.Groups {
		groups[i] = uint32(g)
	}
	return &syscall.Credential{Uid: uint32(u.UID), Gid: uint32(u.GID), Groups: groups}
}
