//go:build !linux

package daemon

// forgetProgram does nothing on this system.
func forgetProgram() {}

// Resident returns 0: this system does not tell in a way that costs nothing.
func Resident() int64 { return 0 }
