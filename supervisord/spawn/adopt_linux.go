package spawn

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
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
// which is noticed up to a second late. So it is too when descriptors run short,
// now or later: a pidfd is one more than a child of our own takes.
func (s *Spawner) Adopt(o *Orphan, spec *Spec) (Child, error) {
	t := s.currentStaging()
	t.resume(o.Stdout, spec.Stdout)
	t.resume(o.Stderr, spec.stderr())
	if o.IsOurs {
		return s.adoptOwn(o, spec), nil
	}
	c := &child{spawner: s, pid: o.PID, exits: make(chan Exit, 1), identity: o.ProcessIdentity}
	c.tree = s.newProcessTree(c, spec, o)
	h, err := openOrphan(o)
	if err != nil {
		if o.FDs != nil {
			c.takePipes(o, spec)
			c.startReading()
			c.handleExit(Exit{}) // it has left some last words
		}
		return nil, err
	}
	s.registerPidfd(h)
	c.send = h.signal
	if o.FDs != nil {
		c.takePipes(o, spec)
	} else {
		c.reconnect(o, spec)
	}
	s.mu.Lock()
	s.children[c.pid] = c
	s.mu.Unlock()
	if spec.OnSpawn != nil {
		spec.OnSpawn(c)
	}
	for _, p := range c.outputs {
		p.onEnd = h.hint // with the last who had the pipe
	}
	c.startReading()
	go h.watch(c)
	return c, nil
}

// registerPidfd sees to it that a pidfd takes nothing of the reserve, and tells of
// one that can't be had.
func (s *Spawner) registerPidfd(h *handle) {
	switch {
	case IsShortage(h.pidfdErr):
		s.closePidfds()
	case h.file == nil:
		s.warnNoPidfd(h.pidfdErr)
	default:
		s.addPidfd(h.file)
		if h.takesReserve() {
			s.closePidfds()
		}
	}
}

// openOrphan returns a handle of the orphan. The error is a *GoneError if it has ended.
func openOrphan(o *Orphan) (*handle, error) {
	h, err := openHandle(o.PID, o.StartTime)
	if errors.Is(err, syscall.ESRCH) {
		return nil, o.goneError()
	}
	return h, err
}

// Kill ends the orphan and its process group for good. It is no error if it has
// ended already, and who has the pid meanwhile is safe.
func (o *Orphan) Kill() error {
	h, err := openOrphan(o)
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

// goneError tells how an orphan ended, if it has left remains.
func (o *Orphan) goneError() error {
	if ws, ok := zombieStatus(o.PID, o.StartTime); ok {
		return &GoneError{exitOf(ws)}
	}
	return &GoneError{Exit{Code: -1}}
}

// zombieStatus reads the exit status of a process that nobody has reaped. To those
// who may not trace the process the kernel shows 0, so it is read with the rights
// of its user.
func zombieStatus(pid int, startTime uint64) (ws syscall.WaitStatus, ok bool) {
	read := func() error {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return err
		}
		if s, err := parseStat(data); err != nil || !s.isDead() || s.startTime != startTime {
			return err
		}
		ws, ok = exitField(data)
		return nil
	}
	if uid, _, err := userOf(pid); err != nil || uid == os.Geteuid() || mayTrace() {
		_ = read() // or it is not known
	} else {
		_ = asUserOf(pid, read)
	}
	return ws, ok
}

// mayTrace reports whether this process may look into all others.
func mayTrace() bool {
	var have [2]unix.CapUserData
	err := unix.Capget(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &have[0])
	return err == nil && have[0].Effective&(1<<unix.CAP_SYS_PTRACE) != 0
}

// reconnect opens the orphan's pipes again. One that it does not have any more
// can't be listened to; what it says goes where it has sent it. If it has one that
// can't be opened nobody reads what it says, see Muted.
func (c *child) reconnect(o *Orphan, spec *Spec) {
	if fd, _ := openPipe(o.PID, 0, o.Stdin, unix.O_WRONLY); fd >= 0 {
		c.stdin = &stdin{fd: fd}
	}
	stdout, err := openPipe(o.PID, 1, o.Stdout, unix.O_RDONLY)
	c.addOutput(1, stdout, spec.Stdout)
	stderr, stderrErr := openPipe(o.PID, 2, o.Stderr, unix.O_RDONLY)
	c.addOutput(2, stderr, spec.stderr())
	c.outputErr = cmp.Or(err, stderrErr)
}

// Reopen opens the pipes of an orphan that lives: from then on what is in them is
// not lost if it ends before it is adopted. If one can't be opened all are left to
// Adopt.
func (o *Orphan) Reopen() {
	if o.FDs != nil || !o.IsAlive() {
		return
	}
	o.FDs = &[3]int{-1, -1, -1}
	for i, pipe := range [3]struct {
		inode uint64
		mode  int
	}{{o.Stdin, unix.O_WRONLY}, {o.Stdout, unix.O_RDONLY}, {o.Stderr, unix.O_RDONLY}} {
		fd, err := openPipe(o.PID, i, pipe.inode, pipe.mode)
		if err != nil {
			o.Close()
			return
		}
		o.FDs[i] = fd
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
// have it, or if inode is 0, and an error if that is not certain.
func openPipe(pid, of int, inode uint64, mode int) (fd int, err error) {
	if inode == 0 {
		return -1, nil
	}
	pathFD := -1
	err = withProcAccess(pid, func() (err error) {
		pathFD, err = openPipePath(pid, of, inode)
		return err
	})
	if err != nil || pathFD < 0 {
		return -1, ignoreGone(err)
	}
	defer unix.Close(pathFD)
	fd, err = unix.Open("/proc/self/fd/"+strconv.Itoa(pathFD), mode|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("open", err)
	}
	return fd, nil
}

// ignoreGone drops the error of a process that has just ended.
func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}

// openPipePath returns a descriptor that stands for a pipe of a process, without
// opening it: that takes other rights than to find it. It is -1 if the process does
// not have the pipe.
func openPipePath(pid, of int, inode uint64) (fd int, err error) {
	if fd, err := openPipePathAt(descriptorPath(pid, of), inode); fd >= 0 {
		return fd, err
	}
	dir := fmt.Sprintf("/proc/%d/fd/", pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return -1, err
	}
	for _, e := range entries {
		if fd, err := openPipePathAt(dir+e.Name(), inode); fd >= 0 || ignoreGone(err) != nil {
			return fd, err
		}
	}
	return -1, nil
}

// openPipePathAt looks before it opens, as to open may have effects, and after it,
// as the descriptor may have changed.
func openPipePathAt(link string, want uint64) (fd int, err error) {
	target, err := os.Readlink(link)
	if err != nil || pipeInode(target) != want {
		return -1, err
	}
	fd, err = unix.Open(link, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("open", err)
	}
	if inode(fd) != want {
		unix.Close(fd)
		return -1, nil
	}
	return fd, nil
}

// openReadWrite opens the end of a pipe that is a child's to write to for reading
// too. A child that has both ends is not ended by SIGPIPE when the daemon is,
// and what it says meanwhile waits in the pipe. What is opened blocks. It
// returns -1 where /proc is not there.
func openReadWrite(fd int) int {
	both, err := unix.Open("/proc/self/fd/"+strconv.Itoa(fd), unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1
	}
	return both
}

// DuplicateFD returns a duplicate of another process's descriptor.
func DuplicateFD(pid, fd int) (*os.File, error) {
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
