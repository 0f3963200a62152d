package boottime

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// BootID names the set of processes that pids refer to: this boot of the machine and
// this container. What was recorded under another ID is about processes that have all
// ended.
func BootID() string {
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	pidNamespace, _ := os.Readlink("/proc/self/ns/pid")
	first, _ := os.ReadFile("/proc/1/stat") // the number of the namespace may be used again
	startTime := ""
	if fields := strings.Fields(string(first[strings.LastIndexByte(string(first), ')')+1:])); len(fields) > 19 {
		startTime = fields[19]
	}
	return fmt.Sprintf("%s %s %s", strings.TrimSpace(string(boot)), pidNamespace, startTime)
}

// sinceBoot returns nanoseconds since boot, including those in which the machine slept.
func sinceBoot() int64 {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &t) != nil {
		return 0
	}
	return t.Nano()
}
