//go:build !linux || !(amd64 || arm64)

package inherited

// Nofile returns the soft limit of open files that the process was started
// with, and whether it is known. Here it is not.
func Nofile() (soft uint64, ok bool) { return 0, false }
