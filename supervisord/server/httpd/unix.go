package httpd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"supervisor/supervisord/system/bound"
	"supervisor/supervisord/system/safeopen"
)

// bindUnix puts a listening socket at the configured path, and does so at a
// single moment: the socket gets its owner and mode under another name and is
// then linked to its own, so that nobody ever meets it with wrong permissions.
func (ep *endpoint) bindUnix(stderr io.Writer) error {
	if len(ep.Path) > maxUnixPath {
		return errPathTooLong
	}
	temp := safeopen.TempName(ep.Path)
	if len(temp) > maxUnixPath { // only the final name has to fit
		temp = safeopen.TempName(filepath.Join(filepath.Dir(ep.Path), "s"))
	}
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	l, err := listenUnix(temp, os.FileMode(ep.Mode))
	if err != nil {
		return err
	}
	defer os.Remove(temp)
	if err := ep.setOwnerAndMode(temp); err != nil {
		l.Close()
		return err
	}
	if err := ep.linkSocket(temp, stderr); err != nil {
		l.Close()
		return err
	}
	ep.Listener = l
	return nil
}

// maxUnixPath is the length of the longest path of a unix socket: the kernel wants
// a zero behind it.
const maxUnixPath = len(syscall.RawSockaddrUnix{}.Path) - 1

// listenUnix binds a socket that has no more permissions than mode from the
// beginning: the kernel takes those of the unbound socket, less the umask.
func listenUnix(path string, mode os.FileMode) (net.Listener, error) {
	if len(path) > maxUnixPath {
		// The system has another, shorter name for the directory.
		dir, err := os.Open(filepath.Dir(path))
		if err != nil {
			return nil, err
		}
		defer dir.Close()
		path = fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), filepath.Base(path))
	}
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		// Where the kernel does not do this, the mode is right before the
		// socket has its final name.
		return c.Control(func(fd uintptr) { _ = syscall.Fchmod(int(fd), uint32(mode.Perm())) })
	}}
	l, err := lc.Listen(context.Background(), "unix", path)
	if err != nil {
		return nil, err
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false) // it would remove whatever is there by then
	return l, nil
}

// setOwnerAndMode gives the socket its owner and the bits of its mode that the umask has
// taken.
func (ep *endpoint) setOwnerAndMode(temp string) error {
	if ep.UID >= 0 || ep.GID >= 0 {
		err := os.Lchown(temp, ep.UID, ep.GID)
		if errors.Is(err, syscall.EPERM) {
			return &chownError{ep.Path, ep.UID, ep.GID}
		}
		if err != nil {
			return err
		}
	}
	info, err := os.Lstat(temp)
	if err != nil || info.Mode().Perm() == os.FileMode(ep.Mode) {
		return err
	}
	return safeopen.Chmod(temp, ep.Mode)
}

// linkSocket links the socket to its own name. What is there and does not answer
// is removed first. When others try the same at the same time one of them
// wins; the number of attempts bounds how long that can go on.
func (ep *endpoint) linkSocket(temp string, stderr io.Writer) (err error) {
	if ep.file, err = os.Lstat(temp); err != nil {
		return err
	}
	for range 8 {
		if err = os.Link(temp, ep.Path); err == nil {
			return nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
		err := bound.RemoveStale(ep.Path, func() { fmt.Fprintf(stderr, "Unlinking stale socket %s\n", ep.Path) })
		if err != nil {
			return err
		}
	}
	return err
}

// removeFile removes the socket from the file system if it is still ours. The
// kernel keeps its number from being used again as long as it is open.
func (ep *endpoint) removeFile() {
	ep.removed.Do(func() {
		if ep.file == nil {
			return
		}
		if now, err := os.Lstat(ep.Path); err == nil && os.SameFile(now, ep.file) {
			os.Remove(ep.Path)
		}
	})
}
