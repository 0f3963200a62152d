package spawn

import (
	"bytes"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

func setSubreaper(enable bool) error {
	var flag uintptr
	if enable {
		flag = 1
	}
	return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, flag, 0, 0, 0)
}

// orphans lists the children of the first thread. The kernel passes orphans to that
// thread; its own children are in the list too.
func orphans() []int {
	data, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/children", os.Getpid()))
	if err != nil {
		return nil // the kernel has no such list, or /proc is not mounted
	}
	var pids []int
	for word := range bytes.FieldsSeq(data) {
		if pid, err := strconv.Atoi(string(word)); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}
