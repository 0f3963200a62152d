package memory

import (
	"bytes"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// dropCodePages gives the pages of the running binary back to the kernel. Most of its
// code and constants are needed at the start only; a page that is used again comes
// from the kernel's cache.
func dropCodePages() {
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return
	}
	self, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return
	}
	for line := range bytes.Lines(maps) {
		// address perms offset dev inode pathname
		fields := bytes.SplitN(bytes.TrimSpace(line), []byte{' '}, 6)
		if len(fields) < 6 || string(bytes.TrimSpace(fields[5])) != self || fields[1][1] != '-' {
			continue // not the binary's, or writable: what was written would be lost
		}
		from, to, _ := bytes.Cut(fields[0], []byte{'-'})
		begin, err1 := strconv.ParseUint(string(from), 16, 64)
		end, err2 := strconv.ParseUint(string(to), 16, 64)
		if err1 == nil && err2 == nil {
			_, _, _ = unix.Syscall(unix.SYS_MADVISE, uintptr(begin), uintptr(end-begin), unix.MADV_DONTNEED)
		}
	}
}

// residentBytes returns how much memory this process has, 0 if that is not known.
func residentBytes() int64 {
	data, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(data) // size resident ..., in pages
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(string(fields[1]), 10, 64)
	return pages * int64(os.Getpagesize())
}
