package safeopen

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// tempSuffix stands before the pid: files that only end in a number are somebody's.
const tempSuffix = ".new"

// TempName returns the name under which this process makes a file that is to get
// another one when it is complete. What a process that is gone has left there is
// removed.
func TempName(path string) string {
	dir, base := filepath.Split(path)
	entries, _ := os.ReadDir(filepath.Clean(dir + ".")) // where there is none nothing is left
	for _, e := range entries {
		suffix, found := strings.CutPrefix(e.Name(), base+tempSuffix)
		pid, err := strconv.Atoi(suffix)
		if found && err == nil && pid > 0 && syscall.Kill(pid, 0) == syscall.ESRCH {
			os.Remove(filepath.Join(dir, e.Name()))
		}
	}
	return path + tempSuffix + strconv.Itoa(os.Getpid())
}
