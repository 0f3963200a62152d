//go:build !linux

package spawn

// Birthday is not known on this system.
func Birthday(int) uint64 { return 0 }

func inode(int) uint64 { return 0 }

// openBoth returns -1: without /proc the end of a pipe can't be opened again.
func openBoth(int) int { return -1 }
