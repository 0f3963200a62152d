package executable

import (
	"os"
	"path/filepath"
	"sync"
)

// kernelPath names the running binary on Linux, also when its file has been
// replaced or removed. It exists only where /proc is mounted.
const kernelPath = "/proc/self/exe"

// startPath is the absolute path by which this process was started, "" if it is
// unknown. A relative one starts at the working directory of the first call.
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

// Note notes where the running binary is. It must be called before the process
// changes its working directory.
func Note() { startPath() }

// Named returns a path that executes the running binary. The kernel names a process
// after the file it executes, so the path is the one by which this process was started,
// unless another binary is there by now.
func Named() (string, error) {
	path := startPath()
	started, err := os.Stat(path)
	if err != nil {
		return Exact()
	}
	running, err := os.Stat(kernelPath)
	if err == nil && !os.SameFile(started, running) {
		return Exact()
	}
	return path, nil
}

// Exact returns a path that executes the running binary, and no newer one where the
// system has such a path. A child that has not yet executed another file may use the
// path too.
func Exact() (string, error) {
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
