//go:build !linux

package spawn

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// pipe2 holds the fork lock, so that no child is born between the making of
// the pipe and the marking of its ends.
func pipe2(fds []int) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err := unix.Pipe(fds); err != nil {
		return err
	}
	unix.CloseOnExec(fds[0])
	unix.CloseOnExec(fds[1])
	return nil
}
