package daemon

import (
	"os"
	"strconv"
	"syscall"
)

// WritePidfile writes the daemon's pid, replacing what an earlier one left.
func WritePidfile(path string) error {
	return os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o666)
}

// SetUmask sets the file mode creation mask of the daemon and of the children
// that don't have their own.
func SetUmask(mask int) { syscall.Umask(mask) }
