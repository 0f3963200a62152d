//go:build !linux

package pipes

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// Make makes a pipe. Its ends, the one to read from first, have the flags and are
// closed on exec. The fork lock keeps a child from getting them before they are marked.
func Make(fds []int, flags int) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := unix.Pipe(fds); err != nil {
		return err
	}
	for _, fd := range fds {
		unix.CloseOnExec(fd)
		if err := unix.SetNonblock(fd, flags&unix.O_NONBLOCK != 0); err != nil {
			return err
		}
	}
	return nil
}

// Capacity returns DefaultCapacity.
func Capacity(int) int { return DefaultCapacity }

// SetCapacity does nothing on this system.
func SetCapacity(int, int) {}

// Inode returns 0: on this system it identifies nothing.
func Inode(int) uint64 { return 0 }

// OpenReadWrite returns -1: without /proc the end of a pipe can't be opened again.
func OpenReadWrite(int) int { return -1 }
