//go:build !linux

package testkit

// ApplySeccomp does nothing: only Linux has seccomp.
func ApplySeccomp() {}
