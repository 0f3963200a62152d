package daemon

import (
	"math"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
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

// CloseOnExecAll marks all descriptors but the standard three that the daemon was started
// with, so that no child gets them.
func CloseOnExecAll() {
	if unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC) != nil {
		closeOnExecEach()
	}
}

// MemoryFile returns a file in memory, which no directory lists.
func MemoryFile(name string) (*os.File, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	return os.NewFile(uintptr(fd), name), nil
}
