package daemon

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// Duplicate returns another descriptor of a file.
func Duplicate(f *os.File) (fd int, err error) {
	fd, err = unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 3)
	return fd, os.NewSyscallError("fcntl", err)
}

// KeepOpenOnExec sets whether descriptors stay open when this process executes a program. No
// child may be forked while they do: it would get them too.
func KeepOpenOnExec(keep bool, fds ...int) {
	flag := unix.FD_CLOEXEC
	if keep {
		flag = 0
	}
	for _, fd := range fds {
		_, _ = unix.FcntlInt(uintptr(fd), unix.F_SETFD, flag) // it can't fail for an open descriptor
	}
}

// closeOnExecEach marks all descriptors but the standard three one by one, where the kernel
// has no call for all.
func closeOnExecEach() {
	entries, err := os.ReadDir("/dev/fd")
	if err != nil {
		return // the numbers are unknown; Go has marked its own
	}
	for _, e := range entries {
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
}
