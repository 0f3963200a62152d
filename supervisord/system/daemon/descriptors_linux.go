package daemon

import (
	"math"

	"golang.org/x/sys/unix"
)

// KeepDescriptors marks everything beyond the standard three that the daemon
// was started with, so that no child gets it.
func KeepDescriptors() {
	if unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC) != nil {
		markEach()
	}
}
