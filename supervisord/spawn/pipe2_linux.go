package spawn

import "golang.org/x/sys/unix"

// pipe2 makes a pipe whose ends have the flags, and are closed when a program is
// executed.
func pipe2(fds []int, flags int) error { return unix.Pipe2(fds, flags|unix.O_CLOEXEC) }

// capacity returns how much a pipe holds, in bytes.
func capacity(fd int) int {
	n, err := unix.FcntlInt(uintptr(fd), unix.F_GETPIPE_SZ, 0)
	if err != nil {
		return pipeSize
	}
	return n
}

// setPipeSize has a pipe hold more, unless its user has too many large ones already.
func setPipeSize(fd, size int) { _, _ = unix.FcntlInt(uintptr(fd), unix.F_SETPIPE_SZ, size) }
