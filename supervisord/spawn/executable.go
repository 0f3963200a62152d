package spawn

import (
	"os"
	"path/filepath"
	"sync"
)

// kernelPath names the running binary on Linux, also when its file has been
// replaced or removed. It exists only where /proc is mounted.
const kernelPath = "/proc/self/exe"

// startPath is the absolute path by which this process was started, "" if it can't
// be known. A relative one counts from the working directory of the first call.
var startPath = sync.OnceValue(func() string {
	path := executedPath()
	if path == "" {
		return ""
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return ""
	}
	return path
})

// NoteExecutable notes where the running binary is. It must be called before the
// process changes its working directory.
func NoteExecutable() { startPath() }

// NamedExecutable returns a path that executes the running binary. The kernel names
// a process after the file it executes, so the path is the one that this process
// was started by, unless there is another binary by now.
func NamedExecutable() (string, error) {
	path := startPath()
	started, err := os.Stat(path)
	if err != nil {
		return ExactExecutable()
	}
	running, err := os.Stat(kernelPath)
	if err == nil && !os.SameFile(started, running) {
		return ExactExecutable()
	}
	return path, nil
}

// ExactExecutable returns a path that executes the running binary and no newer one
// as far as the system has such a path. A child that has not executed another file
// yet may use it, too.
func ExactExecutable() (string, error) {
	if _, err := os.Stat(kernelPath); err == nil {
		return kernelPath, nil
	}
	if path, err := os.Executable(); err == nil {
		return path, nil
	}
	path := startPath()
	_, err := os.Stat(path)
	return path, err
}
