package daemon

import (
	"math"

	"golang.org/x/sys/unix"
)

// CloseOnExecAll marks everything beyond the standard three that the daemon
// was started with, so that no child gets it.
func CloseOnExecAll() {
	if unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC) != nil {
		closeOnExecEach()
	}
}
