//go:build !linux

package spawn

// StartTime is not known on this system.
func StartTime(int) uint64 { return 0 }

func inode(int) uint64 { return 0 }

// openReadWrite returns -1: without /proc the end of a pipe can't be opened again.
func openReadWrite(int) int { return -1 }
