package daemon

import "runtime/debug"

// ReleaseMemory returns memory to the system that is not needed at rest. It takes some
// ten milliseconds of CPU for each thousand programs.
func ReleaseMemory() {
	for range 2 { // each halves the stacks that have grown
		debug.FreeOSMemory()
	}
	dropCodePages()
}
