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

	"supervisor/supervisord/system/pipes"
	"supervisor/supervisord/system/procfs"
)

// reconnect opens the orphan's pipes. A pipe that the orphan does not have any more can't be
// opened: it has redirected its output. A pipe that it has and that can't be opened leaves
// its output unread, see OutputChecker.
func (c *child) reconnect(o *Orphan, spec *Spec) {
	if fd, _ := openPipe(o.PID, 0, o.Stdin, unix.O_WRONLY); fd >= 0 {
		c.stdin = &stdin{fd: fd}
	}
	stdout, err := openPipe(o.PID, 1, o.Stdout, unix.O_RDONLY)
	c.takeOutput(stdout, 1, spec.Stdout)
	stderr, stderrErr := openPipe(o.PID, 2, o.Stderr, unix.O_RDONLY)
	c.takeOutput(stderr, 2, spec.stderr())
	c.outputErr = cmp.Or(err, stderrErr)
}

// Reopen opens the pipes of an orphan that lives. From then on what is in them is not lost
// if the orphan exits before it is adopted. If one of them can't be opened, all are left to
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

// Close closes what Reopen has opened. It must not be called for an adopted orphan.
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

// openPipe opens the process's pipe with that inode. Most likely it is descriptor theirs, but
// the process may have moved it. It returns -1 if the process does not have the pipe, or if
// inode is 0, and an error if that is uncertain.
func openPipe(pid, theirs int, inode uint64, mode int) (fd int, err error) {
	if inode == 0 {
		return -1, nil
	}
	pathFD := -1
	err = procfs.WithAccess(pid, func() (err error) {
		pathFD, err = openPipePath(pid, theirs, inode)
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

// ignoreGone drops the error of a process that has just exited.
func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return err
}

// openPipePath returns an O_PATH descriptor of a process's pipe: finding the pipe takes other
// rights than opening it. It returns -1 if the process does not have the pipe.
func openPipePath(pid, theirs int, inode uint64) (fd int, err error) {
	if fd, err := openPipePathAt(procfs.DescriptorPath(pid, theirs), inode); fd >= 0 {
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

// openPipePathAt checks the inode before it opens the link, because opening may have effects,
// and after it, because the descriptor may have changed.
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
