package spawn

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// handle is a hold on a process that is not our child: a pidfd, or, where there
// can be none, its pid together with the time of its birth.
type handle struct {
	pid       int
	startTime uint64
	file      *os.File // the pidfd, nil for none; closed when the process has ended, or when it is given up
	conn      syscall.RawConn
	// refusal is why there is no pidfd, nil if there is one.
	pidfdErr error
	// hints come when the process may have ended. They are needed only without a
	// pidfd.
	hints chan struct{}
}

// openHandle returns a handle of the process that had that pid and time of birth.
// The error is syscall.ESRCH if that has ended.
func openHandle(pid int, startTime uint64) (*handle, error) {
	fd, err := openPidfd(pid, startTime)
	if errors.Is(err, syscall.ESRCH) {
		return nil, err
	}
	h := &handle{pid: pid, startTime: startTime, pidfdErr: err, hints: make(chan struct{}, 1)}
	if err == nil {
		h.file = os.NewFile(uintptr(fd), "pidfd")
		if h.conn, err = h.file.SyscallConn(); err != nil {
			h.close()
			return nil, err
		}
	}
	return h, nil
}

// openPidfd returns a pidfd of the process that had that pid and time of birth.
// If the time of birth is right after the pidfd was opened, it was before too. The
// error is syscall.ESRCH if that process has ended. Any other means that it may
// live, and that the kernel, a filter of system calls or a limit does not let us
// have a pidfd of it.
//
// The flag PIDFD_NONBLOCK came five versions of the kernel after pidfds. To set
// the same afterwards works with all.
func openPidfd(pid int, startTime uint64) (int, error) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err == nil {
		err = unix.SetNonblock(fd, true) // or the runtime would not poll it
	}
	if !isSameProcess(pid, startTime, false) {
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

// isSameProcess reports whether the process that was born then has that pid still. With
// orDead that may be all that is left of it: nobody else gets the pid meanwhile.
func isSameProcess(pid int, startTime uint64, orZombie bool) bool {
	s, err := readStat(pid)
	return err == nil && startTime != 0 && s.startTime == startTime && (orZombie || !s.isDead())
}

// signalProcess sends a signal to the process that had that pid and time of birth,
// through a pidfd of it if fd is not negative and the kernel lets us. Otherwise
// the time of birth is looked at right before the signal is sent, which leaves
// a few microseconds in which another process could get the pid.
func signalProcess(fd, pid int, startTime uint64, sig syscall.Signal) error {
	if fd >= 0 {
		err := unix.PidfdSendSignal(fd, sig, nil, 0)
		if err == nil || errors.Is(err, syscall.ESRCH) {
			return err
		}
	}
	if !isSameProcess(pid, startTime, true) {
		return syscall.ESRCH
	}
	return syscall.Kill(pid, sig)
}

// takesReserve reports whether the pidfd is one of the last descriptors.
func (h *handle) takesReserve() (does bool) {
	_ = h.conn.Control(func(fd uintptr) { does = int(fd) >= firstReserved() })
	return does
}

func (h *handle) close() {
	if h.file != nil {
		h.file.Close()
	}
}

// hint has watch look whether the process has ended. It never blocks.
func (h *handle) hint() {
	select {
	case h.hints <- struct{}{}:
	default:
	}
}

// signal sends sig to the process or to the group that it leads.
func (h *handle) signal(sig syscall.Signal, group bool) error {
	defer h.hint()
	if h.file == nil {
		return h.send(-1, sig, group)
	}
	var err error
	if cerr := h.conn.Control(func(fd uintptr) { err = h.send(int(fd), sig, group) }); cerr != nil {
		return h.send(-1, sig, group) // it has been given up
	}
	return err
}

func (h *handle) send(fd int, sig syscall.Signal, group bool) error {
	if !group {
		return signalProcess(fd, h.pid, h.startTime, sig)
	}
	if fd >= 0 {
		err := unix.PidfdSendSignal(fd, sig, nil, unix.PIDFD_SIGNAL_PROCESS_GROUP)
		if err == nil || errors.Is(err, syscall.ESRCH) {
			return err
		} // kernels before 6.9 don't know the flag
	}
	if !isSameProcess(h.pid, h.startTime, true) { // while its leader has it, the group's number is its own
		return syscall.ESRCH
	}
	return syscall.Kill(-h.pid, sig)
}

// watch waits for the end of the child, and buries it.
func (h *handle) watch(c *child) {
	defer func() {
		if h.file != nil {
			c.spawner.closePidfd(h.file)
		}
	}()
	h.awaitEnd()
	e := h.exit(c)
	c.spawner.mu.Lock()
	reaped := c.reaped
	if !reaped {
		c.reaped = true
		delete(c.spawner.children, c.pid)
	}
	c.spawner.mu.Unlock()
	if !reaped {
		c.handleExit(e)
	}
}

// Without a pidfd the kernel tells nobody of the end of a process that is not our
// child. So it is looked for, often right after something that may have ended
// it, and less and less often then.
const (
	minPollInterval = 5 * time.Millisecond
	maxPollInterval = time.Second
)

// awaitEnd returns when nothing is left of the process but its exit status. With a
// pidfd, until that is given up, the runtime's poller waits for that.
func (h *handle) awaitEnd() {
	if h.file != nil {
		err := h.conn.Read(func(fd uintptr) bool { return h.hasEvent(fd, unix.POLLIN) })
		if err == nil {
			return
		}
	}
	pause := minPollInterval
	for isSameProcess(h.pid, h.startTime, false) {
		select {
		case <-time.After(pause):
			pause = min(2*pause, maxPollInterval)
		case <-h.hints:
			pause = minPollInterval
		}
	}
}

func (h *handle) hasEvent(fd uintptr, event int16) bool {
	fds := []unix.PollFd{{Fd: int32(fd), Events: event}}
	for {
		n, err := unix.Poll(fds, 0)
		if !errors.Is(err, unix.EINTR) {
			return n > 0 && fds[0].Revents&event != 0
		}
	}
}

// exitStatusTimeout is how long the exit status of a dead adopted child is waited for
// that could not be read from its remains.
const exitStatusTimeout = 200 * time.Millisecond

// exit finds out how the process ended: from its remains, or, when its parent
// has reaped it, from the pidfd (since Linux 6.15).
func (h *handle) exit(c *child) Exit {
	if ws, ok := zombieStatus(c.pid, c.identity.StartTime); ok {
		return exitOf(ws)
	}
	e := Exit{Code: -1}
	if h.file == nil {
		return e
	}
	_ = h.file.SetReadDeadline(time.Now().Add(exitStatusTimeout))
	_ = h.conn.Read(func(fd uintptr) bool {
		info := unix.PidfdInfo{Mask: unix.PIDFD_INFO_EXIT}
		err := unix.IoctlPidfdInfo(int(fd), &info)
		known := err == nil && info.Mask&unix.PIDFD_INFO_EXIT != 0
		if known {
			e = exitOf(syscall.WaitStatus(info.Exit_code))
		}
		return known || h.hasEvent(fd, unix.POLLHUP)
	})
	return e
}

// warnNoPidfd says once why processes of an earlier daemon are watched in another
// way; nil is no refusal.
func (s *Spawner) warnNoPidfd(why error) {
	if why == nil {
		return
	}
	s.noPidfdLogged.Do(func() {
		s.log.Warn(fmt.Sprintf("there are no pidfds here (%v): processes that are not children of this supervisord are known by pid and time of birth, "+
			"and their end may be noticed %s late", why, maxPollInterval))
	})
}
