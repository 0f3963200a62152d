package daemon

import (
	"os"

	"golang.org/x/sys/unix"
)

// MemoryFile returns a file that has no name in any directory.
func MemoryFile(name string) (*os.File, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	return os.NewFile(uintptr(fd), name), nil
}
