//go:build !linux

package spawn

import "syscall"

func becomeSubreaper(yes bool) error {
	if yes {
		return syscall.ENOTSUP
	}
	return nil
}

// orphans is empty: the system hands none over.
func orphans() []int { return nil }

func isOfFamily(int, []string) bool { return false }
