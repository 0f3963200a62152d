package journal

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// BootID names the set of processes that pids are about: this boot of the
// machine and this container. A record of another world is about processes
// that are all gone.
func BootID() string {
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	pidNamespace, _ := os.Readlink("/proc/self/ns/pid")
	first, _ := os.ReadFile("/proc/1/stat") // the namespace's number may be used again
	startTime := ""
	if fields := strings.Fields(string(first[strings.LastIndexByte(string(first), ')')+1:])); len(fields) > 19 {
		startTime = fields[19]
	}
	return fmt.Sprintf("%s %s %s", strings.TrimSpace(string(boot)), pidNamespace, startTime)
}

// sinceBoot returns nanoseconds, those in which the machine slept too.
func sinceBoot() int64 {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &t) != nil {
		return 0
	}
	return t.Nano()
}
