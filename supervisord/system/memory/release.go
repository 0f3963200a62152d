package memory

import "runtime/debug"

// release returns memory to the system that an idle daemon does not need. It takes
// some ten milliseconds of CPU for each thousand programs.
func release() {
	for range 2 { // each run halves the stacks that have grown
		debug.FreeOSMemory()
	}
	dropCodePages()
}
