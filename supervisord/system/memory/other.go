//go:build !linux

package memory

// dropCodePages does nothing on this system.
func dropCodePages() {}

// residentBytes returns 0: on this system it costs too much to find out.
func residentBytes() int64 { return 0 }
