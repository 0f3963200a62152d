//go:build !linux

package spawn

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// pipe2 makes a pipe whose ends have the flags. It holds the fork lock, so that no child is born between the making of
// the pipe and the marking of its ends.
func pipe2(fds []int, flags int) error {
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

// capacity returns how much a pipe holds, in bytes, as far as is known.
func capacity(int) int { return pipeSize }

// setPipeSize does nothing on this system.
func setPipeSize(int, int) {}
