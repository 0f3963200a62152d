//go:build !linux

package testkit

// ApplySeccomp does nothing: only Linux can deny system calls.
func ApplySeccomp() {}
