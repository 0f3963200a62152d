package daemon

import (
	"os"
	"path/filepath"
	"strings"
)

// Comm returns the name that the kernel gives this process, by which pgrep(1), ps -C and
// start-stop-daemon --name find it, "" if it is unknown.
func Comm() string {
	text, err := os.ReadFile("/proc/self/comm")
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(string(text), "\n")
}

// SetComm gives this process and all its present threads that name, unless it is "". The
// kernel names a process after the file that it executes; one that executes /proc/self/exe
// gets the name "exe".
func SetComm(name string) {
	if name == "" || name == Comm() {
		return
	}
	threads, _ := filepath.Glob("/proc/self/task/*/comm") // the pattern is valid
	for _, path := range append(threads, "/proc/self/comm") {
		_ = os.WriteFile(path, []byte(name), 0) // it fails if the thread has ended
	}
}
