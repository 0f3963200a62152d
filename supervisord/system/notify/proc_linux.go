package notify

import (
	"bytes"
	"fmt"
	"os"
)

// ancestorsOf returns the pids and groups of a process and its ancestors, up to ours.
func ancestorsOf(pid int) []int {
	var ancestors []int
	self := os.Getpid()
	for range 64 { // deep enough, and no loop if pids are used again meanwhile
		if pid <= 1 || pid == self && len(ancestors) > 0 {
			break
		}
		parent, group, ok := parentOf(pid)
		if !ok {
			break
		}
		ancestors = append(ancestors, pid, group)
		pid = parent
	}
	return ancestors
}

// parentOf reads who a process's parent and group are.
func parentOf(pid int) (parent, group int, ok bool) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, false
	}
	rest := data[bytes.LastIndexByte(data, ')')+1:] // the name may hold anything
	var state string
	_, err = fmt.Sscan(string(rest), &state, &parent, &group)
	return parent, group, err == nil
}
