package spawn

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// CanAdopt tells whether children can be taken over on this system.
const CanAdopt = true

// Adopt takes over the child of a daemon that has ended. Its output goes where
// spec says, beginning with what has been waiting in its pipes; all else in
// spec is not looked at. The error is a *GoneError if the orphan has ended.
//
// An adopted child is not ours to wait for. Its end is seen, and signals are
// sent, through a pidfd, which can't mean anybody else.
func (s *Spawner) Adopt(o *Orphan, spec *Spec) (Child, error) {
	t := s.currentTray()
	t.resume(o.Stdout, spec.Stdout)
	t.resume(o.Stderr, spec.stderr())
	if o.IsOurs {
		return s.keep(o, spec), nil
	}
	c := &child{spawner: s, pid: o.PID, exits: make(chan Exit, 1), traces: o.Traces}
	c.kin = s.newKin(c, spec, o)
	h, err := grasp(o)
	if err != nil {
		if o.FDs != nil {
			c.inherit(o, spec)
			c.listen()
			c.bury(Exit{}) // it has left some last words
		}
		return nil, err
	}
	c.send = h.signal
	if o.FDs != nil {
		c.inherit(o, spec)
	} else {
		c.reconnect(o, spec)
	}
	s.mu.Lock()
	s.children[c.pid] = c
	s.mu.Unlock()
	if spec.Born != nil {
		spec.Born(c)
	}
	c.listen()
	go h.watch(c)
	return c, nil
}

// handle is a hold on a process that is not our child.
type handle struct {
	pid  int
	file *os.File // a pidfd
	conn syscall.RawConn
}

// grasp opens a pidfd and makes sure that it means the orphan. Whoever the
// pidfd means lives still when the signal 0 reaches it, so the status read in
// between was that of the same process.
func grasp(o *Orphan) (*handle, error) {
	fd, err := unix.PidfdOpen(o.PID, unix.PIDFD_NONBLOCK)
	switch err {
	case nil:
	case unix.ESRCH, unix.EINVAL:
		return nil, o.gone()
	default:
		return nil, os.NewSyscallError("pidfd_open", err)
	}
	h := &handle{pid: o.PID, file: os.NewFile(uintptr(fd), "pidfd")}
	if h.conn, err = h.file.SyscallConn(); err == nil && !(o.IsAlive() && h.signal(0, false) == nil) {
		err = o.gone()
	}
	if err != nil {
		h.file.Close()
		return nil, err
	}
	return h, nil
}

// Kill ends the orphan and its process group for good. It is no error if it has
// ended already, and who has the pid meanwhile is safe.
func (o *Orphan) Kill() error {
	h, err := grasp(o)
	if _, gone := errors.AsType[*GoneError](err); gone {
		return nil
	}
	if err != nil {
		return err
	}
	defer h.file.Close()
	if err := h.signal(syscall.SIGKILL, true); !errors.Is(err, unix.ESRCH) {
		return err
	}
	return nil
}

// gone tells how an orphan ended, if it has left remains.
func (o *Orphan) gone() error {
	if ws, ok := zombieStatus(o.PID, o.Born); ok {
		return &GoneError{exitOf(ws)}
	}
	return &GoneError{Exit{Code: -1}}
}

// signalGroup is the flag of pidfd_send_signal for the group of the process.
const signalGroup = unix.PIDFD_SIGNAL_PROCESS_GROUP

// signal sends sig to the process or to the group that it leads.
func (h *handle) signal(sig syscall.Signal, group bool) error {
	var err error
	cerr := h.conn.Control(func(fd uintptr) {
		if !group {
			err = unix.PidfdSendSignal(int(fd), sig, nil, 0)
			return
		}
		err = unix.PidfdSendSignal(int(fd), sig, nil, signalGroup)
		if errors.Is(err, unix.EINVAL) { // the kernel is older than 6.9
			err = h.signalGroup(int(fd), sig)
		}
	})
	if cerr != nil {
		return syscall.ESRCH
	}
	return err
}

// signalGroup signals by number. While the leader lives the number is its own.
func (h *handle) signalGroup(fd int, sig syscall.Signal) error {
	if err := unix.PidfdSendSignal(fd, 0, nil, 0); err != nil {
		return err
	}
	return syscall.Kill(-h.pid, sig)
}

// statusWait is how long the exit status of a dead adopted child is waited for
// that could not be read from its remains.
const statusWait = 200 * time.Millisecond

// watch waits in the runtime's poller for the end of the child.
func (h *handle) watch(c *child) {
	defer h.file.Close()
	_ = h.conn.Read(func(fd uintptr) bool { return h.has(fd, unix.POLLIN) })
	e := h.exit(c)
	c.spawner.mu.Lock()
	reaped := c.reaped
	if !reaped {
		c.reaped = true
		delete(c.spawner.children, c.pid)
	}
	c.spawner.mu.Unlock()
	if !reaped {
		c.bury(e)
	}
}

func (h *handle) has(fd uintptr, event int16) bool {
	fds := []unix.PollFd{{Fd: int32(fd), Events: event}}
	for {
		n, err := unix.Poll(fds, 0)
		if !errors.Is(err, unix.EINTR) {
			return n > 0 && fds[0].Revents&event != 0
		}
	}
}

// exit finds out how the process ended: from its remains, or, when its parent
// has reaped it, from the pidfd (since Linux 6.15).
func (h *handle) exit(c *child) Exit {
	if ws, ok := zombieStatus(c.pid, c.traces.Born); ok {
		return exitOf(ws)
	}
	e := Exit{Code: -1}
	_ = h.file.SetReadDeadline(time.Now().Add(statusWait))
	_ = h.conn.Read(func(fd uintptr) bool {
		info := unix.PidfdInfo{Mask: unix.PIDFD_INFO_EXIT}
		err := unix.IoctlPidfdInfo(int(fd), &info)
		known := err == nil && info.Mask&unix.PIDFD_INFO_EXIT != 0
		if known {
			e = exitOf(syscall.WaitStatus(info.Exit_code))
		}
		return known || h.has(fd, unix.POLLHUP)
	})
	return e
}

// zombieStatus reads the exit status of a process that nobody has reaped.
func zombieStatus(pid int, born uint64) (syscall.WaitStatus, bool) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, false
	}
	s, err := parseStat(data)
	if err != nil || !s.isDead() || s.born != born || !mayKnow(pid) {
		return 0, false
	}
	return exitField(data)
}

// mayKnow tells whether the kernel shows us how that process ended. To others
// it shows 0.
func mayKnow(pid int) bool {
	info, err := os.Stat(fmt.Sprintf("/proc/%d", pid))
	if err != nil {
		return false
	}
	uid := os.Geteuid()
	return uid == 0 || int(info.Sys().(*syscall.Stat_t).Uid) == uid
}

// reconnect opens the orphan's pipes again. One that it does not have any more
// can't be listened to; what it says goes where it has sent it.
func (c *child) reconnect(o *Orphan, spec *Spec) {
	if _, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", o.PID)); errors.Is(err, fs.ErrPermission) {
		// The kernel guards programs that have changed their user or ask for it.
		c.spawner.log.Warn(fmt.Sprintf("the output of the adopted process %d can't be read any more: %v", o.PID, err))
		return
	}
	if fd := openPipe(o.PID, 0, o.Stdin, unix.O_WRONLY); fd >= 0 {
		c.stdin = &stdin{fd: fd}
	}
	c.overhear(1, openPipe(o.PID, 1, o.Stdout, unix.O_RDONLY), spec.Stdout)
	c.overhear(2, openPipe(o.PID, 2, o.Stderr, unix.O_RDONLY), spec.stderr())
}

// Reopen opens the pipes of an orphan that lives: from then on what is in them is
// not lost if it ends before it is adopted. Those that can't be looked into are
// left to Adopt.
func (o *Orphan) Reopen() {
	if o.FDs != nil || !o.IsAlive() {
		return
	}
	if _, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", o.PID)); err != nil {
		return
	}
	o.FDs = &[3]int{
		openPipe(o.PID, 0, o.Stdin, unix.O_WRONLY),
		openPipe(o.PID, 1, o.Stdout, unix.O_RDONLY),
		openPipe(o.PID, 2, o.Stderr, unix.O_RDONLY),
	}
}

// Close closes what Reopen has opened, of an orphan that is not adopted.
func (o *Orphan) Close() {
	if o.FDs == nil {
		return
	}
	for _, fd := range o.FDs {
		if fd >= 0 {
			unix.Close(fd)
		}
	}
	o.FDs = nil
}

// openPipe opens the pipe of that inode, which is most likely the process's
// descriptor of but may have been moved. It returns -1 if the process does not
// have it, or if inode is 0.
func openPipe(pid, of int, inode uint64, mode int) (fd int) {
	if inode == 0 {
		return -1
	}
	if fd := openPipeAt(descriptorPath(pid, of), inode, mode); fd >= 0 {
		return fd
	}
	links, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, link := range links {
		if fd := openPipeAt(link, inode, mode); fd >= 0 {
			return fd
		}
	}
	return -1
}

// openPipeAt looks before it opens, as to open may have effects, and after it,
// as the descriptor may have changed.
func openPipeAt(link string, want uint64, mode int) (fd int) {
	target, err := os.Readlink(link)
	if err != nil || pipeInode(target) != want {
		return -1
	}
	fd, err = unix.Open(link, mode|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1
	}
	if inode(fd) != want {
		unix.Close(fd)
		return -1
	}
	return fd
}

// openBoth opens the end of a pipe that is a child's to write to for reading
// too. A child that has both ends is not ended by SIGPIPE when the daemon is,
// and what it says meanwhile waits in the pipe. What is opened blocks. It
// returns -1 where /proc is not there.
func openBoth(fd int) int {
	both, err := unix.Open("/proc/self/fd/"+strconv.Itoa(fd), unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1
	}
	return both
}

// Borrow returns a duplicate of another process's descriptor.
func Borrow(pid, fd int) (*os.File, error) {
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
