//go:build !linux

package boottime

// BootID is not known on this system.
func BootID() string { return "" }

// sinceBoot is not known on this system.
func sinceBoot() int64 { return 0 }
