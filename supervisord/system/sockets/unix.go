package sockets

import (
	"errors"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/system/safeopen"
)

// UnixOptions says where a unix socket listens, and who may connect.
type UnixOptions struct {
	Path     string // absolute
	Mode     uint32
	UID, GID int // -1 to leave as it is
	Backlog  int // connections that wait, 0 for the system's maximum
	// Replace replaces any file at Path. Otherwise only a socket without a listener
	// is removed.
	Replace bool
}

// ErrPathTooLong is the error for a path that does not fit into a socket address.
var ErrPathTooLong = errors.New("AF_UNIX path too long")

// ErrNotSocket is the error for a path at which another kind of file is.
var ErrNotSocket = errors.New("there is a file of that name that is no socket")

// FileError says that the owner or the mode of a socket file could not be set.
type FileError struct {
	What string // "ownership" or "permissions"
	Err  error
}

// Error says what was tried.
func (e *FileError) Error() string { return "change " + e.What + " of socket file: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

// Unix returns a listening socket and its file. If another process listens there
// the error is EADDRINUSE, unless o.Replace is set.
func Unix(o UnixOptions) (fd int, file *File, err error) {
	if len(o.Path) > maxPath {
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

// bind sets the name, the owner and the mode of the socket. It listens last: before
// that no client can connect.
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

// SetOwnerAndMode sets the owner and the mode of the file. Its errors are of type
// *FileError.
func (o UnixOptions) SetOwnerAndMode() error {
	if err := o.setOwner(); err != nil {
		return err
	}
	if err := safeopen.Chmod(o.Path, o.Mode); err != nil {
		return &FileError{"permissions", err}
	}
	return nil
}

func (o UnixOptions) setOwner() error {
	if o.UID < 0 && o.GID < 0 {
		return nil
	}
	if err := os.Lchown(o.Path, o.UID, o.GID); err != nil {
		return &FileError{"ownership", err}
	}
	return nil
}
