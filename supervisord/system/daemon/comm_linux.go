package daemon

import (
	"os"
	"path/filepath"
	"strings"
)

// Comm returns the name by which the kernel knows this process, which is what
// pgrep(1), ps -C and start-stop-daemon --name look for, "" if it can't be known.
func Comm() string {
	text, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(string(text), "\n")
}

// SetComm has the kernel know this process, with the threads that it has, by that
// name, unless it is "". The kernel gives a process the name of the file that it
// executes, and the name "exe" to one that executes /proc/self/exe.
func SetComm(name string) {
	if name == "" || name == Comm() {
		return
	}
	threads, _ := filepath.Glob("/proc/self/task/*/comm") // the pattern is a good one
	for _, path := range append(threads, "/proc/self/comm") {
		_ = os.WriteFile(path, []byte(name), 0) // a thread may have ended
	}
}
