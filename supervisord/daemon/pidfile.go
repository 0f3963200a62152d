package daemon

import (
	"os"
	"strconv"
)

// WritePidfile writes the daemon's pid, replacing what an earlier one left.
func WritePidfile(path string) error {
	return os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o666)
}
