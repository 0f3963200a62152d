package spawn

import (
	"bytes"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

func setSubreaper(yes bool) error {
	var flag uintptr
	if yes {
		flag = 1
	}
	return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, flag, 0, 0, 0)
}

// orphans lists what the kernel has handed over. It hands them to the first
// thread, whose list has children of our own too.
func orphans() []int {
	data, err := os.ReadFile(fmt.Sprintf("/proc/self/task/%d/children", os.Getpid()))
	if err != nil {
		return nil // a kernel without the list, or no /proc
	}
	var pids []int
	for word := range bytes.FieldsSeq(data) {
		if pid, err := strconv.Atoi(string(word)); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}
