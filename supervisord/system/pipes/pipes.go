package pipes

import "golang.org/x/sys/unix"

// DefaultCapacity is how many bytes a new pipe holds.
const DefaultCapacity = 64 << 10

// Duplicate returns another descriptor of an open file.
func Duplicate(fd int) (int, error) {
	another, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return -1, err
	}
	return another, nil
}
