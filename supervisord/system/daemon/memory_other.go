//go:build !linux

package daemon

// dropCodePages does nothing on this system.
func dropCodePages() {}

// ResidentMemory returns 0: this system does not tell in a way that costs nothing.
func ResidentMemory() int64 { return 0 }
