package bound

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/system/safeopen"
)

// UnixOptions say where a unix socket listens, and who may connect.
type UnixOptions struct {
	Path     string // absolute
	Mode     uint32
	UID, GID int // -1 to leave as it is
	Backlog  int // connections that wait, 0 for the system's maximum
	// Replace has it take the place of whatever file is there. Otherwise only a
	// socket on which nobody listens is removed.
	Replace bool
}

// ErrPathTooLong is the error for a path that does not fit into an address.
var ErrPathTooLong = errors.New("AF_UNIX path too long")

// ErrNotSocket is the error for a path under which there is something else.
var ErrNotSocket = errors.New("there is a file of that name that is no socket")

// FileError tells that the file of a unix socket could not be made what it is to
// be.
type FileError struct {
	What string // "ownership" or "permissions"
	Err  error
}

// Error tells what was tried.
func (e *FileError) Error() string { return "change " + e.What + " of socket file: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

// Unix returns a listening socket and its file. If somebody listens there the
// error is EADDRINUSE, unless he is to be replaced.
func Unix(o UnixOptions) (fd int, file *File, err error) {
	if len(o.Path) >= len(unix.RawSockaddrUnix{}.Path) {
		return -1, nil, ErrPathTooLong
	}
	if err := o.removeExisting(); err != nil {
		return -1, nil, err
	}
	fd, err = newSocket(unix.AF_UNIX)
	if err != nil {
		return -1, nil, err
	}
	if file, err = o.bind(fd); err != nil {
		file.Remove()
		unix.Close(fd)
		return -1, nil, err
	}
	return fd, file, nil
}

func (o UnixOptions) removeExisting() error {
	if !o.Replace {
		if info, err := os.Lstat(o.Path); err == nil && info.Mode()&fs.ModeSocket == 0 {
			return ErrNotSocket
		}
		return RemoveStale(o.Path, func() {})
	}
	if _, err := os.Stat(o.Path); err != nil {
		return nil
	}
	if err := unix.Unlink(o.Path); err != nil {
		return &fs.PathError{Op: "unlink", Path: o.Path, Err: err}
	}
	return nil
}

// bind gives the socket its name, owner and mode. Nobody can connect before
// it listens, which comes last.
func (o UnixOptions) bind(fd int) (*File, error) {
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: o.Path}); err != nil {
		return nil, err
	}
	file, err := Find(o.Path)
	if err != nil {
		return nil, err
	}
	if err := o.SetOwnerAndMode(); err != nil {
		return file, err
	}
	return file, unix.Listen(fd, backlog(o.Backlog))
}

// SetOwnerAndMode gives the file its owner and mode. Its errors are of type *FileError.
func (o UnixOptions) SetOwnerAndMode() error {
	if o.UID >= 0 || o.GID >= 0 {
		if err := os.Lchown(o.Path, o.UID, o.GID); err != nil {
			return &FileError{"ownership", err}
		}
	}
	if err := safeopen.Chmod(o.Path, o.Mode); err != nil {
		return &FileError{"permissions", err}
	}
	return nil
}

// File is the file of a unix socket. A nil one is none.
type File struct {
	path string
	info os.FileInfo
}

// Find returns the file of a socket that is there already.
func Find(path string) (*File, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	return &File{path, info}, nil
}

// ID is what the file is known by.
func (f *File) ID() (dev, inode uint64) {
	if f == nil {
		return 0, 0
	}
	stat, ok := f.info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0
	}
	return uint64(stat.Dev), uint64(stat.Ino) //nolint:unconvert // not everywhere
}

// IsInPlace tells whether it is still that file which has the name.
func (f *File) IsInPlace() bool {
	if f == nil {
		return false
	}
	now, err := os.Lstat(f.path)
	return err == nil && os.SameFile(now, f.info)
}

// Remove removes the file if it is still the one that was made: another daemon
// may have put its own in its place. The socket must be open still, so that no
// other file can have the number of this one.
func (f *File) Remove() {
	if f.IsInPlace() {
		os.Remove(f.path)
	}
}

// RemoveStale removes the socket of a daemon that is gone, which tell is told
// of just before. If it answers the error is EADDRINUSE.
func RemoveStale(path string, onRemove func()) error {
	before, err := os.Lstat(path)
	if err != nil {
		return nil // gone meanwhile
	}
	if isListening(path) {
		return syscall.EADDRINUSE
	}
	// Another daemon may have done all this just before and have its own
	// socket here by now.
	after, err := os.Lstat(path)
	if err != nil || !os.SameFile(before, after) {
		return nil
	}
	onRemove()
	if err := syscall.Unlink(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return &fs.PathError{Op: "unlink", Path: path, Err: err}
	}
	return nil
}

// isListening tells whether somebody listens on a socket. A daemon that is too
// busy or too stopped to answer still does; only a refusal counts as nobody.
func isListening(path string) bool {
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		conn.Close()
		return true
	}
	return !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, fs.ErrNotExist)
}
