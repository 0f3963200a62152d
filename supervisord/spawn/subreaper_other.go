//go:build !linux

package spawn

import "syscall"

func setSubreaper(yes bool) error {
	if yes {
		return syscall.ENOTSUP
	}
	return nil
}

// orphans is empty: the system hands none over.
func orphans() []int { return nil }
