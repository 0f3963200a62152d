package errno

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// Name returns the name of a kernel error, such as ENOENT. For any other error it
// returns the error's text.
func Name(err error) string {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		if name := unix.ErrnoName(errno); name != "" {
			return name
		}
	}
	return err.Error()
}
