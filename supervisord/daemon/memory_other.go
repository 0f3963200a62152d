//go:build !linux

package daemon

// forgetProgram does nothing on this system.
func forgetProgram() {}
