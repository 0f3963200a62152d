package daemon

import (
	"math"
	"os"

	"golang.org/x/sys/unix"
)

// CloseOnExecAll marks all descriptors but the standard three that the daemon was started
// with, so that no child gets them.
func CloseOnExecAll() {
	if unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC) != nil {
		closeOnExecEach()
	}
}

// MemoryFile returns a file in memory, which no directory lists.
func MemoryFile(name string) (*os.File, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	return os.NewFile(uintptr(fd), name), nil
}
