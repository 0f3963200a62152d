package pidfd

import (
	"errors"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/system/procfs"
)

// Handle is a hold on a process that is not a child of this one: a pidfd, or, where the
// kernel provides none, its pid and start time.
type Handle struct {
	pid       int
	startTime uint64
	file      *os.File // the pidfd, nil for none
	conn      syscall.RawConn
	err       error // why there is no pidfd, nil if there is one
	// hints arrive when the process may have exited. They are needed only without a
	// pidfd.
	hints chan struct{}
}

// OpenHandle returns a handle of the process with that pid and start time. The error is
// syscall.ESRCH if the process has exited.
func OpenHandle(pid int, startTime uint64) (*Handle, error) {
	fd, err := Open(pid, startTime)
	if errors.Is(err, syscall.ESRCH) {
		return nil, err
	}
	h := &Handle{pid: pid, startTime: startTime, err: err, hints: make(chan struct{}, 1)}
	if err == nil {
		h.file = os.NewFile(uintptr(fd), "pidfd")
		if h.conn, err = h.file.SyscallConn(); err != nil {
			h.Close()
			return nil, err
		}
	}
	return h, nil
}

// File returns the pidfd, or nil if there is none. It may be closed at any time: the
// handle goes on without it.
func (h *Handle) File() *os.File { return h.file }

// Err returns why there is no pidfd, or nil if there is one.
func (h *Handle) Err() error { return h.err }

// Descriptor returns the number of the pidfd, -1 if there is none or it is closed.
func (h *Handle) Descriptor() int {
	number := -1
	if h.file != nil {
		_ = h.conn.Control(func(fd uintptr) { number = int(fd) })
	}
	return number
}

// Close closes the pidfd, if there is one.
func (h *Handle) Close() {
	if h.file != nil {
		h.file.Close()
	}
}

// Hint makes AwaitExit check now whether the process has exited. It never blocks.
func (h *Handle) Hint() {
	select {
	case h.hints <- struct{}{}:
	default:
	}
}

// Signal sends sig to the process, or with group to the process group that it leads. It
// returns syscall.ESRCH if the process has exited.
func (h *Handle) Signal(sig syscall.Signal, group bool) error {
	defer h.Hint()
	if h.file == nil {
		return h.send(-1, sig, group)
	}
	var err error
	if cerr := h.conn.Control(func(fd uintptr) { err = h.send(int(fd), sig, group) }); cerr != nil {
		return h.send(-1, sig, group) // the pidfd is closed
	}
	return err
}

func (h *Handle) send(fd int, sig syscall.Signal, group bool) error {
	if !group {
		return Signal(fd, h.pid, h.startTime, sig)
	}
	if fd >= 0 {
		err := unix.PidfdSendSignal(fd, sig, nil, unix.PIDFD_SIGNAL_PROCESS_GROUP)
		if err == nil || errors.Is(err, syscall.ESRCH) {
			return err
		} // kernels before 6.9 don't know the flag
	}
	if !procfs.IsSame(h.pid, h.startTime, true) { // while the leader has its pid, the group has its number
		return syscall.ESRCH
	}
	return syscall.Kill(-h.pid, sig)
}

// Without a pidfd the kernel does not report the exit of a process that is not our
// child. So AwaitExit polls: often right after something that may have ended the process,
// then less and less often, up to MaxPollInterval.
const minPollInterval = 5 * time.Millisecond

// AwaitExit returns when the process has exited, reaped or not. The runtime's poller
// waits for the pidfd, as long as that is open.
func (h *Handle) AwaitExit() {
	if h.file != nil {
		err := h.conn.Read(func(fd uintptr) bool { return hasEvent(fd, unix.POLLIN) })
		if err == nil {
			return
		}
	}
	pause := minPollInterval
	for procfs.IsSame(h.pid, h.startTime, false) {
		select {
		case <-time.After(pause):
			pause = min(2*pause, MaxPollInterval)
		case <-h.hints:
			pause = minPollInterval
		}
	}
}

func hasEvent(fd uintptr, event int16) bool {
	fds := []unix.PollFd{{Fd: int32(fd), Events: event}}
	for {
		n, err := unix.Poll(fds, 0)
		if !errors.Is(err, unix.EINTR) {
			return n > 0 && fds[0].Revents&event != 0
		}
	}
}

// exitStatusTimeout is how long ExitStatus waits for the parent to reap the process.
const exitStatusTimeout = 200 * time.Millisecond

// ExitStatus returns how the process ended: from /proc while it is a zombie, or from the
// pidfd once its parent has reaped it (since Linux 6.15). It reports false if the status
// is unknown.
func (h *Handle) ExitStatus() (ws syscall.WaitStatus, ok bool) {
	if ws, ok = procfs.ExitStatus(h.pid, h.startTime); ok || h.file == nil {
		return ws, ok
	}
	_ = h.file.SetReadDeadline(time.Now().Add(exitStatusTimeout))
	_ = h.conn.Read(func(fd uintptr) bool {
		info := unix.PidfdInfo{Mask: unix.PIDFD_INFO_EXIT}
		err := unix.IoctlPidfdInfo(int(fd), &info)
		ok = err == nil && info.Mask&unix.PIDFD_INFO_EXIT != 0
		if ok {
			ws = syscall.WaitStatus(info.Exit_code)
		}
		return ok || hasEvent(fd, unix.POLLHUP)
	})
	return ws, ok
}
