package spawn

import (
	"fmt"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// String tells it in the words of Supervisor's log.
func (e Exit) String() string {
	if e.Code >= 0 {
		return fmt.Sprintf("exit status %d", e.Code)
	}
	text := "terminated by " + SignalName(e.Signal)
	if e.Core {
		text += " (core dumped)"
	}
	return text
}

// SignalName returns the name under which Supervisor logs a signal. It knows
// the names of Python's signal module, where the last of several names for a
// number wins; any other number is "signal N".
func SignalName(sig syscall.Signal) string {
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

// CodeText is the exit status as text, -1 for a signal.
func (e Exit) CodeText() string { return strconv.Itoa(e.Code) }
