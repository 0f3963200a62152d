package daemon

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/system/safeopen"
)

// Pidfile is the file with the daemon's pid. A lock on it keeps other daemons away. The kernel
// releases the lock when the daemon exits, in whatever way.
type Pidfile struct {
	path        string
	file        *os.File
	isFile      bool // and not a device, which many daemons may share
	previousPID int  // the pid that was in it, 0 for none
	shared      bool // another daemon, with another configuration, holds the lock
}

// IsShared reports whether another daemon, with another configuration, holds the lock on the
// file. It returns false if p is nil.
func (p *Pidfile) IsShared() bool { return p != nil && p.shared }

// PreviousPID returns the pid that an earlier daemon has left in the file. It returns 0 if
// that daemon has removed the file, as it does on a regular exit, or if p is nil.
func (p *Pidfile) PreviousPID() int {
	if p == nil {
		return 0
	}
	return p.previousPID
}

// LockedError means that another daemon holds the lock on the file.
type LockedError struct {
	Path string
	PID  int
}

// Error names the other daemon, in Supervisor's words.
func (e *LockedError) Error() string {
	return fmt.Sprintf("Another supervisord is running with this configuration: "+
		"it has pid %d and holds %s.  Shut it down first before starting supervisord.", e.PID, e.Path)
}

// claimTimeout is how long ClaimPidfile waits for a lock whose holder has exited: a child that
// it was forking at that moment holds the lock a little longer.
const claimTimeout = 2 * time.Second

// ClaimPidfile locks the pidfile and writes the daemon's pid to it, replacing the pid of an
// earlier daemon. The error is a *LockedError, or the system's if the file can't be made or
// locked. It waits only for daemons that have exited. A new file gets the mode 0666 less
// umask; a negative umask is that of the process.
//
// The names say when two daemons have the same configuration: when they have a name in common.
// A daemon that has none of the names does not keep this one away; the file is shared then.
func ClaimPidfile(path string, umask int, names ...string) (*Pidfile, error) {
	for limit := time.Now().Add(claimTimeout); ; time.Sleep(time.Millisecond) {
		p, err := tryPidfile(path, umask, names)
		locked, ok := errors.AsType[*LockedError](err)
		if !ok || locked.isHolderAlive() || time.Now().After(limit) {
			return p, err
		}
	}
}

func (e *LockedError) isHolderAlive() bool {
	return e.PID > 0 && syscall.Kill(e.PID, 0) != syscall.ESRCH
}

func tryPidfile(path string, umask int, names []string) (*Pidfile, error) {
	if p, err := newPidfile(path, umask, names); err == nil {
		return p, nil
	}
	p, err := openPidfile(path)
	if err != nil {
		return nil, err
	}
	if p.isFile {
		p.previousPID = p.read()
	}
	if err = p.lock(names); err == nil {
		err = p.write()
	}
	if err != nil {
		p.file.Close()
		return nil, err
	}
	return p, nil
}

// newPidfile makes the file under a temporary name and links it to its path, so that the file
// is never seen empty. It fails if the path exists, or if the file system has no links.
func newPidfile(path string, umask int, names []string) (*Pidfile, error) {
	temp := safeopen.TempName(path)
	f, err := os.OpenFile(temp, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, err
	}
	defer os.Remove(temp)
	p := &Pidfile{path: temp, file: f, isFile: true}
	if umask >= 0 {
		err = f.Chmod(0o666 &^ os.FileMode(umask))
	}
	if err == nil {
		err = errors.Join(p.lock(names), p.write())
	}
	if err == nil {
		err = os.Link(temp, path)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	p.path = path
	return p, nil
}

func openPidfile(path string) (*Pidfile, error) {
	f, err := safeopen.Open(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	return &Pidfile{path: path, file: f, isFile: info.Mode().IsRegular()}, nil
}

// lock takes the locks. A file system without locks keeps no daemon away. The names are locked
// first, so that a daemon that finds the file locked finds the names locked too.
func (p *Pidfile) lock(names []string) error {
	if !p.isFile {
		return nil
	}
	if holder, taken := p.lockNames(names); taken {
		return &LockedError{p.path, holder}
	}
	switch err := unix.Flock(int(p.file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err {
	case nil, unix.ENOTSUP, unix.ENOLCK, unix.EINVAL:
	case unix.EWOULDBLOCK:
		if p.shared = len(names) > 0 && p.otherLockHolder() != 0; !p.shared {
			return &LockedError{p.path, p.read()}
		}
	default:
		return &os.PathError{Op: "lock", Path: p.path, Err: err}
	}
	if !p.isInPlace() { // its last owner has just removed it, so the lock protects nothing
		return &LockedError{Path: p.path}
	}
	return nil
}

// write writes the pid before it truncates the file, so that the file is never empty.
func (p *Pidfile) write() error { return p.writePid(os.Getpid()) }

func (p *Pidfile) writePid(pid int) error {
	text := strconv.Itoa(pid) + "\n"
	if !p.isFile {
		_, err := p.file.WriteString(text)
		return err
	}
	if _, err := p.file.WriteAt([]byte(text), 0); err != nil {
		return err
	}
	return p.file.Truncate(int64(len(text)))
}

// read returns the pid in the file, 0 for none.
func (p *Pidfile) read() int {
	data := make([]byte, 32)
	n, _ := p.file.ReadAt(data, 0)
	pid, err := strconv.Atoi(strings.TrimSpace(string(data[:n])))
	if err != nil {
		return 0
	}
	return pid
}

// ReadPID returns the pid in the file at path, 0 for none.
func ReadPID(path string) int {
	f, err := safeopen.Open(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return 0
	}
	defer f.Close()
	return (&Pidfile{file: f}).read()
}

// isInPlace reports whether the locked file is the one at the path.
func (p *Pidfile) isInPlace() bool {
	opened, err := p.file.Stat()
	if err != nil {
		return false
	}
	onDisk, err := os.Stat(p.path)
	return err == nil && os.SameFile(opened, onDisk)
}

// Remove removes the file and releases the lock. A file that has replaced it stays, and a
// shared file gets back the pid of the lock's holder. It does nothing if p is nil.
func (p *Pidfile) Remove() {
	if p == nil {
		return
	}
	switch {
	case !p.isFile || !p.isInPlace():
	case p.shared && unix.Flock(int(p.file.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil:
		if p.read() == os.Getpid() {
			_ = p.writePid(p.otherLockHolder()) // it overwrites what is there
		}
	default:
		os.Remove(p.path)
	}
	p.file.Close()
}

// HandOver closes the file but keeps the lock, and returns the descriptor that has it, -1 for
// none.
func (p *Pidfile) HandOver() int {
	if p == nil {
		return -1
	}
	defer p.file.Close()
	fd, err := Duplicate(p.file)
	if err != nil {
		return -1
	}
	return fd
}

// RestorePidfile returns the pidfile that was handed over as descriptor fd, nil for -1. It
// still has its locks. The names are locked again because an earlier version may not have
// locked them.
func RestorePidfile(path string, fd int, names ...string) *Pidfile {
	if fd < 0 {
		return nil
	}
	f := os.NewFile(uintptr(fd), path)
	info, err := f.Stat()
	p := &Pidfile{path: path, file: f, isFile: err == nil && info.Mode().IsRegular()}
	if p.isFile {
		p.lockNames(names)
		p.shared = errors.Is(unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB), unix.EWOULDBLOCK)
	}
	return p
}
