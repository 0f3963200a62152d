//go:build !linux

package procfs

// StartTime returns 0: the start time is unknown on this system.
func StartTime(int) uint64 { return 0 }

// IsAncestor returns false: parents are unknown on this system.
func IsAncestor(int) bool { return false }

// BootTicks returns 0: the time is unknown on this system.
func BootTicks() uint64 { return 0 }

// HasVariables returns false: environments are unknown on this system.
func HasVariables(int, []string) bool { return false }
