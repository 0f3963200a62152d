//go:build !linux

package journal

// World is not known on this system.
func World() string { return "" }

// sinceBoot is not known on this system.
func sinceBoot() int64 { return 0 }
