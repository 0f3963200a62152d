package notify

import (
	"bytes"
	"fmt"
	"os"
)

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
