package spawn

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// CanAdopt tells whether children can be taken over on this system.
const CanAdopt = true

// Adopt takes over the child of a daemon that has ended. Its output goes where
// spec says, beginning with what has been waiting in its pipes; all else in
// spec is not looked at. The error is a *GoneError if the orphan has ended.
//
// An adopted child is not ours to wait for. Its end is seen, and signals are
// sent, through a pidfd, which can't mean anybody else. Where there are none, its
// time of birth is looked at: before each signal, and now and then for its end,
// which is noticed up to a second late.
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
	s.noteRefusal(h.refusal)
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
	if h.file == nil {
		for _, p := range c.pumps {
			p.over = h.hint // with the last who had the pipe
		}
	}
	c.listen()
	go h.watch(c)
	return c, nil
}

// grasp returns a handle of the orphan. The error is a *GoneError if it has ended.
func grasp(o *Orphan) (*handle, error) {
	h, err := openHandle(o.PID, o.Born)
	if errors.Is(err, syscall.ESRCH) {
		return nil, o.gone()
	}
	return h, err
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
	defer h.close()
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
