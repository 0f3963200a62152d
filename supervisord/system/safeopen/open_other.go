//go:build !linux

package safeopen

import "golang.org/x/sys/unix"

// chmodNoLink fails: fchmodat(2) does not follow links on this system.
func chmodNoLink(string, uint32) error { return unix.EOPNOTSUPP }

func openDir(path string) (int, error) {
	return unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
}

// hasMagicLinks reports whether the links in a directory lead somewhere by the kernel's magic
// instead of by their text.
func hasMagicLinks(int) bool { return false }
