//go:build !linux || !(amd64 || arm64)

package inherited

// Nofile returns false: the soft limit of open files with which the process was started is
// unknown on this system.
func Nofile() (soft uint64, ok bool) { return 0, false }
