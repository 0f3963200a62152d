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

	"supervisor/supervisord/system/pidfd"
	"supervisor/supervisord/system/pipes"
	"supervisor/supervisord/system/procfs"
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
	t := s.staging.Load()
	t.Recover(o.Stdout, spec.Stdout)
	t.Recover(o.Stderr, spec.stderr())
	if o.IsOurs {
		return s.adoptOwn(o, spec), nil
	}
	c := &child{spawner: s, pid: o.PID, exits: make(chan Exit, 1), identity: o.ProcessIdentity}
	c.tree = s.findTree(c, spec, o)
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
	c.send = h.Signal
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
		p.OnEnd(h.Hint) // with the last who had the pipe
	}
	c.startReading()
	go c.watch(h)
	return c, nil
}

// watch waits until the adopted child has exited, and reports its exit.
func (c *child) watch(h *pidfd.Handle) {
	defer func() {
		if h.File() != nil {
			c.spawner.closePidfd(h.File())
		}
	}()
	h.AwaitExit()
	e := Exit{Code: -1}
	if ws, ok := h.ExitStatus(); ok {
		e = exitOf(ws)
	}
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

// registerPidfd notes a pidfd, so that it can be closed when descriptors run short. It
// closes all pidfds if this one took a reserved descriptor or could not be opened for
// want of one, and logs any other reason why there is none.
func (s *Spawner) registerPidfd(h *pidfd.Handle) {
	switch {
	case IsShortage(h.Err()):
		s.closePidfds()
	case h.File() == nil:
		s.warnNoPidfd(h.Err())
	default:
		s.addPidfd(h.File())
		if h.Descriptor() >= firstReserved() {
			s.closePidfds()
		}
	}
}

// openOrphan returns a handle of the orphan. The error is a *GoneError if it has ended.
func openOrphan(o *Orphan) (*pidfd.Handle, error) {
	h, err := pidfd.OpenHandle(o.PID, o.StartTime)
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
	defer h.Close()
	if err := h.Signal(syscall.SIGKILL, true); !errors.Is(err, unix.ESRCH) {
		return err
	}
	return nil
}

// goneError tells how an orphan ended, if it has left remains.
func (o *Orphan) goneError() error {
	if ws, ok := procfs.ExitStatus(o.PID, o.StartTime); ok {
		return &GoneError{exitOf(ws)}
	}
	return &GoneError{Exit{Code: -1}}
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
	err = procfs.WithAccess(pid, func() (err error) {
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
	if fd, err := openPipePathAt(procfs.DescriptorPath(pid, of), inode); fd >= 0 {
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
	if err != nil || procfs.PipeInode(target) != want {
		return -1, err
	}
	fd, err = unix.Open(link, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("open", err)
	}
	if pipes.Inode(fd) != want {
		unix.Close(fd)
		return -1, nil
	}
	return fd, nil
}
