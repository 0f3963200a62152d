package spawn

import (
	"fmt"
	"slices"
	"syscall"

	"supervisor/supervisord/system/accounts"
)

// fork starts the child and returns its pid. If the program can't be executed directly, or
// that fails, it starts the executor: only the child itself can say which step failed.
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
		// Without processes or memory left, starting the executor would fail too. But a
		// limit of the child's user is for the executor to report.
		if err == nil || spec.Become == nil && (err == syscall.EAGAIN || err == syscall.ENOMEM) {
			return pid, err
		}
	}
	return forkExecutor(spec, attr)
}

// descriptors lists the descriptors of the child by their numbers in the child. The numbers
// in between are closed in the child. The daemon's own descriptors with these numbers do not
// change: syscall.ForkExec moves the child's after the fork.
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

// maxDescriptors bounds the list of descriptors. Few users may have more open anyway.
const maxDescriptors = 1024

// canForkDirectly reports whether the child needs no executor.
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
