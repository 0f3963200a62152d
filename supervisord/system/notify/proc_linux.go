package notify

import (
	"bytes"
	"fmt"
	"os"
)

// familyOf returns the pids and groups of a process and its ancestors, up to ours.
func familyOf(pid int) []int {
	var family []int
	self := os.Getpid()
	for range 64 { // deep enough, and no loop if pids are used again meanwhile
		if pid <= 1 || pid == self && len(family) > 0 {
			break
		}
		parent, group, ok := parentOf(pid)
		if !ok {
			break
		}
		family = append(family, pid, group)
		pid = parent
	}
	return family
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
