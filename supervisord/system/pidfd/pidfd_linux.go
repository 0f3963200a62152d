package pidfd

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/system/procfs"
)

// Open returns a pidfd of the process with that pid and start time. The pidfd does not
// block. If the start time matches after the pidfd was opened, it matched before too.
//
// The error is syscall.ESRCH if the process has exited. Any other error means that it may
// live, but that the kernel, a filter of system calls or a limit refuses a pidfd.
func Open(pid int, startTime uint64) (int, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err == nil {
		// The flag PIDFD_NONBLOCK came five kernel versions after pidfds. Setting the
		// mode afterwards works with all. The runtime polls no descriptor that blocks.
		err = unix.SetNonblock(fd, true)
	}
	if !procfs.IsSame(pid, startTime, false) {
		err = syscall.ESRCH
	}
	if err == nil {
		return fd, nil
	}
	if fd >= 0 {
		unix.Close(fd)
	}
	return -1, os.NewSyscallError("pidfd_open", err)
}

// Signal sends a signal to the process with that pid and start time, through its pidfd
// fd unless that is negative or the kernel refuses. Otherwise it checks the start time
// right before it sends the signal, which leaves a few microseconds in which another
// process could get the pid. It returns syscall.ESRCH if the process has exited.
func Signal(fd, pid int, startTime uint64, sig syscall.Signal) error {
	if fd >= 0 {
		err := unix.PidfdSendSignal(fd, sig, nil, 0)
		if err == nil || errors.Is(err, syscall.ESRCH) {
			return err
		}
	}
	if !procfs.IsSame(pid, startTime, true) {
		return syscall.ESRCH
	}
	return syscall.Kill(pid, sig)
}

// Duplicate returns a duplicate of another process's descriptor.
func Duplicate(pid, fd int) (*os.File, error) {
	pidfd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return nil, os.NewSyscallError("pidfd_open", err)
	}
	defer unix.Close(pidfd)
	theirs, err := unix.PidfdGetfd(pidfd, fd, 0)
	if err != nil {
		return nil, os.NewSyscallError("pidfd_getfd", err)
	}
	return os.NewFile(uintptr(theirs), "borrowed"), nil
}
