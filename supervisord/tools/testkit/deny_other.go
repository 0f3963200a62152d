//go:build !linux

package testkit

// Deny does nothing: only Linux can deny system calls.
func Deny() {}
