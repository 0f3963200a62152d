package signals

import (
	"fmt"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// Name returns the name under which Supervisor logs a signal. It knows
// the names of Python's signal module, where the last of several names for a
// number wins; any other number is "signal N".
func Name(sig syscall.Signal) string {
	if runtime.GOOS == "linux" {
		switch sig {
		case 29:
			return "SIGPOLL"
		case 34:
			return "SIGRTMIN"
		case 64:
			return "SIGRTMAX"
		}
	}
	if name := unix.SignalName(sig); name != "" {
		return name
	}
	return fmt.Sprintf("signal %d", int(sig))
}
