package daemon

import (
	"os"

	"golang.org/x/sys/unix"
)

// Duplicate returns another descriptor of a file.
func Duplicate(f *os.File) (fd int, err error) {
	fd, err = unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	return fd, os.NewSyscallError("fcntl", err)
}

// KeepOpenOnExec has descriptors stay open when this process executes a program,
// or not. Nobody may be born while they do: a child would get them too.
func KeepOpenOnExec(keep bool, fds ...int) {
	flag := unix.FD_CLOEXEC
	if keep {
		flag = 0
	}
	for _, fd := range fds {
		_, _ = unix.FcntlInt(uintptr(fd), unix.F_SETFD, flag) // of an open descriptor it can't fail
	}
}
