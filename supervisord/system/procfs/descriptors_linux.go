package procfs

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// DescriptorPath returns the path in /proc of a process's descriptor.
func DescriptorPath(pid, fd int) string { return fmt.Sprintf("/proc/%d/fd/%d", pid, fd) }

// PipeAt returns the inode of the pipe that a process has as that descriptor. It
// returns 0 if the descriptor is no pipe or can't be read.
func PipeAt(pid, fd int) uint64 {
	var target string
	err := WithAccess(pid, func() (err error) {
		target, err = os.Readlink(DescriptorPath(pid, fd))
		return err
	})
	if err != nil {
		return 0
	}
	return PipeInode(target)
}

// PipeInode returns the inode in the target of a descriptor's link, which is
// "pipe:[inode]" for a pipe. It returns 0 for anything else.
func PipeInode(target string) uint64 {
	digits, isPipe := strings.CutPrefix(target, "pipe:[")
	if !isPipe {
		return 0
	}
	n, err := strconv.ParseUint(strings.TrimSuffix(digits, "]"), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// IsReadWrite reports whether a process has opened a descriptor for reading and writing.
func IsReadWrite(pid, fd int) bool { return AccessMode(pid, fd) == unix.O_RDWR }

// AccessMode returns O_RDONLY, O_WRONLY or O_RDWR, as a process has opened a
// descriptor, or -1 if that is unknown.
func AccessMode(pid, fd int) int {
	data, err := ReadFile(pid, fmt.Sprintf("fdinfo/%d", fd))
	if err != nil {
		return -1
	}
	_, rest, _ := strings.Cut(string(data), "flags:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return -1
	}
	flags, err := strconv.ParseUint(fields[0], 8, 64)
	if err != nil {
		return -1
	}
	return int(flags & unix.O_ACCMODE)
}
