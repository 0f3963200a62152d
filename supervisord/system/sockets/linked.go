package sockets

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"supervisor/supervisord/system/safeopen"
)

// maxPath is the length of the longest path of a unix socket: the kernel needs a
// zero byte behind it.
const maxPath = len(syscall.RawSockaddrUnix{}.Path) - 1

// Linked returns a unix socket that appears at its path in one step: it gets its
// owner and mode under another name and is then linked to its own, so that no
// client sees it with wrong permissions. A socket that does not answer is removed
// first, and onStale is called before. Backlog and Replace have no effect.
//
// The error is ErrPathTooLong, a *FileError, EADDRINUSE or another one of the
// system.
func Linked(o UnixOptions, onStale func()) (net.Listener, *File, error) {
	if len(o.Path) > maxPath {
		return nil, nil, ErrPathTooLong
	}
	temp := safeopen.TempName(o.Path)
	if len(temp) > maxPath { // only the final name has to fit
		temp = safeopen.TempName(filepath.Join(filepath.Dir(o.Path), "s"))
	}
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, err
	}
	l, err := listenWithMode(temp, os.FileMode(o.Mode))
	if err != nil {
		return nil, nil, err
	}
	defer os.Remove(temp)
	file, err := o.link(temp, onStale)
	if err != nil {
		l.Close()
		return nil, nil, err
	}
	return l, file, nil
}

// listenWithMode binds a socket that has no more permissions than mode from the
// beginning: the kernel takes those of the unbound socket, less the umask.
func listenWithMode(path string, mode os.FileMode) (net.Listener, error) {
	if len(path) > maxPath {
		// /proc has a shorter name for the directory.
		dir, err := os.Open(filepath.Dir(path))
		if err != nil {
			return nil, err
		}
		defer dir.Close()
		path = fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), filepath.Base(path))
	}
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		// Where the kernel does not do this, link sets the mode before the socket
		// has its final name.
		return c.Control(func(fd uintptr) { _ = syscall.Fchmod(int(fd), uint32(mode.Perm())) })
	}}
	l, err := lc.Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, err
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false) // it would remove whatever has the name by then
	return l, nil
}

// link sets the owner and the mode of the socket at temp and links it to its own
// name. Other daemons may do the same at the same time; one of them wins. The
// number of attempts bounds how long that can take.
func (o UnixOptions) link(temp string, onStale func()) (*File, error) {
	own := o
	own.Path = temp
	if err := own.setOwnerAndMissingMode(); err != nil {
		return nil, err
	}
	file, err := Find(temp)
	if err != nil {
		return nil, err
	}
	file.path = o.Path
	for range 8 {
		if err = os.Link(temp, o.Path); err == nil {
			return file, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		if err := RemoveStale(o.Path, onStale); err != nil {
			return nil, err
		}
	}
	return nil, err
}

// setOwnerAndMissingMode sets the owner, and the bits of the mode that the umask
// removed.
func (o UnixOptions) setOwnerAndMissingMode() error {
	if err := o.setOwner(); err != nil {
		return err
	}
	info, err := os.Lstat(o.Path)
	if err != nil || info.Mode().Perm() == os.FileMode(o.Mode) {
		return err
	}
	return safeopen.Chmod(o.Path, o.Mode)
}
