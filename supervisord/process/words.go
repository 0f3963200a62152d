package process

import (
	"fmt"
	"syscall"

	"supervisor/supervisord/system/errno"
)

// unableToSignal tells of a signal that came too late.
func unableToSignal(name string, pid int, stopping bool) string {
	just := "just now"
	if stopping {
		just = "just"
	}
	return fmt.Sprintf("unable to signal %s (pid %d), it probably %s exited on its own: [Errno %d] No such process",
		name, pid, just, int(syscall.ESRCH))
}

// signalProblem tells of a signal that the kernel refused.
func signalProblem(name string, pid int, stopping bool, err error) string {
	doing := "sending sig"
	if stopping {
		doing = "killing"
	}
	return fmt.Sprintf("unknown problem %s %s (%d):%s", doing, name, pid, errno.Name(err))
}
