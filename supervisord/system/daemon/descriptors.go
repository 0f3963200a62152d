package daemon

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// closeOnExecEach does it one by one, where the kernel has no call for all.
func closeOnExecEach() {
	entries, err := os.ReadDir("/dev/fd")
	if err != nil {
		return // nothing tells which there are; Go's own are marked anyway
	}
	for _, e := range entries {
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
}
