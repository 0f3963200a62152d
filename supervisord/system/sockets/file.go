package sockets

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"syscall"
	"time"
)

// File is the file of a unix socket. A nil File stands for none.
type File struct {
	path string
	info os.FileInfo
}

// Find returns the file of a socket that exists already.
func Find(path string) (*File, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	return &File{path, info}, nil
}

// ID identifies the file. It is 0, 0 for a nil File.
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

// IsInPlace reports whether the file still has its name.
func (f *File) IsInPlace() bool {
	if f == nil {
		return false
	}
	now, err := os.Lstat(f.path)
	return err == nil && os.SameFile(now, f.info)
}

// Remove removes the file if it still has its name: another daemon may have put its
// own in its place. The socket must still be open: until it is closed the kernel
// gives no other file the same inode number.
func (f *File) Remove() {
	if f.IsInPlace() {
		os.Remove(f.path)
	}
}

// RemoveStale removes the socket of a daemon that has ended, and calls onRemove
// just before. If the socket answers the error is EADDRINUSE.
func RemoveStale(path string, onRemove func()) error {
	before, err := os.Lstat(path)
	if err != nil {
		return nil // another daemon has removed it meanwhile
	}
	if isListening(path) {
		return syscall.EADDRINUSE
	}
	// Another daemon may have removed it just before, and this is its socket.
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

// isListening reports whether a process listens on a socket. A daemon that is too
// busy to answer, or stopped by a signal, still listens; only a refused connection
// means that none does.
func isListening(path string) bool {
	conn, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		conn.Close()
		return true
	}
	return !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, fs.ErrNotExist)
}
