package pipes

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// Make makes a pipe. Its ends, the one to read from first, have the flags and are
// closed on exec.
func Make(fds []int, flags int) error { return unix.Pipe2(fds, flags|unix.O_CLOEXEC) }

// Capacity returns how many bytes a pipe holds.
func Capacity(fd int) int {
	n, err := unix.FcntlInt(uintptr(fd), unix.F_GETPIPE_SZ, 0)
	if err != nil {
		return DefaultCapacity
	}
	return n
}

// SetCapacity makes a pipe hold more bytes, unless its user has too many large pipes
// already.
func SetCapacity(fd, size int) { _, _ = unix.FcntlInt(uintptr(fd), unix.F_SETPIPE_SZ, size) }

// Inode returns the inode of an open pipe, 0 if fd is no pipe.
func Inode(fd int) uint64 {
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFIFO {
		return 0
	}
	return st.Ino
}

// OpenReadWrite opens the write end of a pipe once more, for reading and writing. A
// child that holds both ends gets no SIGPIPE when the daemon exits, and what it writes
// meanwhile waits in the pipe. The new descriptor blocks. OpenReadWrite returns -1 where
// /proc is not mounted.
func OpenReadWrite(fd int) int {
	readWriteFD, err := unix.Open("/proc/self/fd/"+strconv.Itoa(fd), unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1
	}
	return readWriteFD
}
