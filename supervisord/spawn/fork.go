package spawn

import "syscall"

// fork gives birth and returns the pid. What the direct way can't do, or fails
// to do, the first stage does over again, because only the child itself can
// tell which step failed.
func (s *Spawner) fork(spec *Spec, fds [3]int) (int, error) {
	attr := &syscall.ProcAttr{
		Dir:   spec.Dir,
		Env:   spec.Env,
		Files: []uintptr{uintptr(fds[0]), uintptr(fds[1]), uintptr(fds[2])},
		Sys:   &syscall.SysProcAttr{Setpgid: true},
	}
	if direct(spec) {
		if u := spec.Become; u != nil {
			attr.Sys.Credential = credential(u)
		}
		pid, err := s.umasks.forkExec(spec, attr)
		// A first stage needs even more of what there is none of. That a user has
		// none left is for it to tell.
		if err == nil || spec.Become == nil && (err == syscall.EAGAIN || err == syscall.ENOMEM) {
			return pid, err
		}
	}
	return forkStage(spec, attr)
}

// direct tells whether the child needs no first stage.
func direct(spec *Spec) bool {
	if spec.Become != nil && spec.Become.Refusal != "" {
		return false
	}
	return spec.Umask < 0 || canMask
}

func credential(u *User) *syscall.Credential {
	groups := make([]uint32, len(u.Groups))
	for i, g := range u.Groups {
		groups[i] = uint32(g)
	}
	return &syscall.Credential{Uid: uint32(u.UID), Gid: uint32(u.GID), Groups: groups}
}
