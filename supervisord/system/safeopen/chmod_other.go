//go:build !linux

package safeopen

import "golang.org/x/sys/unix"

// chmodNoLink fails: fchmodat(2) does not follow links on this system.
func chmodNoLink(string, uint32) error { return unix.EOPNOTSUPP }
