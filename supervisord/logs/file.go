package logs

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"supervisor/supervisord/system/safeopen"
)

// FileOptions says how a [File] is kept.
type FileOptions struct {
	MaxBytes int64       // size in bytes at which the file is rotated, 0 for never
	Backups  int         // rotated files to keep; with 0 the file is truncated instead
	Mode     fs.FileMode // permissions of new files before the umask, 0 for 0666
	Report   func(error) // called with outages (*OutageError) and failed rotations; may be nil
}

// File is a log file that is only appended to, and rotated when it has grown.
// Its methods may be called from anywhere.
//
// A write goes to the kernel at once. It is never split over two files, so that
// a file may exceed MaxBytes by one write.
type File struct {
	path     string
	o        FileOptions
	isStdio  bool                                // the path names a descriptor of this process
	write    func(*os.File, []byte) (int, error) // (*os.File).Write
	current  atomic.Pointer[os.File]             // nil while it is closed or cannot be opened; set under mu
	isPlain  atomic.Bool                         // the open file is a regular one; set under mu
	inode    atomic.Uint64                       // of the open file; set under mu
	mu       sync.Mutex                          // guards all below
	isOpen   bool                                // between Open and Close
	room     int64                               // bytes left until MaxBytes, as far as is known
	checkAt  int64                               // when room is this small, the real size is read
	outage   outage
	changeCh chan struct{} // closed at the next change, nil if not wanted
}

// OpenFile opens the file for appending and creates it if necessary. An error is
// that of the system (*fs.PathError), or [safeopen.ErrLink] for a link that root
// must not follow.
//
// A FIFO without a reader is no error: what is written is lost until there is one. Names such as /dev/stdout that cannot be opened a second time,
// because they are sockets or belong to another user, stand for the descriptor
// itself.
func OpenFile(path string, o FileOptions) (*File, error) {
	f := newFile(path, o)
	if err := f.Open(); err != nil {
		return nil, err
	}
	return f, nil
}

// newFile returns a File that is not open yet.
func newFile(path string, o FileOptions) *File {
	if o.Mode == 0 {
		o.Mode = 0o666
	}
	_, isStdio := descriptor(path)
	return &File{path: path, o: o, isStdio: isStdio, write: (*os.File).Write}
}

// Path returns the name the file was opened by.
func (f *File) Path() string { return f.path }

// Open opens a closed file again, for appending. It does nothing if the file is
// open.
func (f *File) Open() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.isOpen {
		return nil
	}
	if err := f.open(); err != nil && !noReader(err) {
		return err
	}
	f.isOpen = true
	return nil
}

// Write appends p. An error has also been counted and reported as part of an
// outage, unless the file is closed, which is [os.ErrClosed].
func (f *File) Write(p []byte) (int, error) {
	f.mu.Lock()
	if !f.isOpen {
		f.mu.Unlock()
		return 0, os.ErrClosed
	}
	n, err := f.append(p)
	outageErr := f.outage.record(f.path, len(p)-n, err)
	var rotateErr error
	if err == nil {
		rotateErr = f.countWritten(n)
	}
	f.notifyChanged()
	f.mu.Unlock()
	f.report(outageErr)
	f.report(rotateErr)
	return n, err
}

// Reopen opens the file by its name again, after that file was renamed or removed. If
// it fails, the old file stays in use. A closed file stays closed.
func (f *File) Reopen() error {
	if f.mayBlock() && f.isNamed() {
		return nil
	}
	f.interrupt()
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.isOpen {
		return nil
	}
	f.notifyChanged()
	err := f.open()
	if noReader(err) {
		return nil
	}
	return err
}

// Clear empties the log: an open file is unlinked and created again, a closed one
// that exists is truncated. Anything but a regular file is left alone.
func (f *File) Clear() error {
	if f.isStdio || f.mayBlock() {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.notifyChanged()
	if !f.isOpen {
		return truncate(f.path)
	}
	if f.isNamed() {
		if err := unlink(f.path); err != nil {
			return err
		}
		_ = f.drop()
	}
	// If the name belongs to another file, another channel that shares the log was
	// most likely just cleared: unlinking would remove its file.
	if err := f.open(); err != nil {
		if noReader(err) {
			return nil
		}
		return err
	}
	if !f.isPlain.Load() {
		return nil
	}
	return f.truncate()
}

// Remove closes the file and unlinks it. A missing file is no error.
func (f *File) Remove() error {
	err := f.Close()
	if isRegular(f.path) && !f.isStdio {
		err = errors.Join(err, unlink(f.path))
	}
	return err
}

// Close closes the file. A write that waits for a slow reader is aborted.
func (f *File) Close() error {
	f.interrupt()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.isOpen = false
	f.notifyChanged()
	return f.drop()
}

// Changed returns a channel that is closed when the file is next written to,
// rotated, reopened, cleared or closed.
func (f *File) Changed() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.changeCh == nil {
		f.changeCh = make(chan struct{})
	}
	return f.changeCh
}

// notifyChanged wakes those who follow the file.
func (f *File) notifyChanged() {
	if f.changeCh != nil {
		close(f.changeCh)
		f.changeCh = nil
	}
}

func (f *File) report(err error) {
	if err != nil && f.o.Report != nil {
		f.o.Report(err)
	}
}

// append writes p to the file, and opens it first if an earlier attempt failed.
func (f *File) append(p []byte) (int, error) {
	if f.current.Load() == nil {
		if err := f.open(); err != nil {
			return 0, err
		}
	}
	n, err := f.write(f.current.Load(), p)
	if errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ESTALE) {
		_ = f.drop() // only a new descriptor can help
	}
	return n, err
}

// open opens the path and replaces the current file, which stays if that fails.
func (f *File) open() error {
	file, err := openAppend(f.path, f.o.Mode)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return err
	}
	_ = f.drop()
	f.isPlain.Store(info.Mode().IsRegular())
	f.inode.Store(info.Sys().(*syscall.Stat_t).Ino)
	f.current.Store(file)
	if f.rotates() {
		// The file position is the size: in append mode every write moves it to the
		// end, also when others write or truncate.
		size, err := file.Seek(0, io.SeekEnd)
		f.setSize(size)
		return err
	}
	return nil
}

// drop closes the current file.
func (f *File) drop() error {
	if file := f.current.Swap(nil); file != nil {
		return file.Close()
	}
	return nil
}

// truncate empties the current file.
func (f *File) truncate() error {
	f.setSize(0)
	return f.current.Load().Truncate(0)
}

// mayBlock reports whether writes to the open file may wait for a reader, so that its
// lock may be held for ever. Such a file has nothing to clear and usually nothing to
// reopen.
func (f *File) mayBlock() bool { return f.current.Load() != nil && !f.isPlain.Load() }

// interrupt makes a write that waits for its reader fail. It has no effect on regular
// files.
func (f *File) interrupt() {
	if file := f.current.Load(); file != nil {
		_ = file.SetWriteDeadline(time.Unix(1, 0)) // not every file supports deadlines
	}
}

// isNamed reports whether the path still stands for the current file.
func (f *File) isNamed() bool {
	named, err := os.Stat(f.path)
	return err == nil && f.is(named)
}

// isSame reports whether another open file is the current one.
func (f *File) isSame(other *os.File) bool {
	info, err := other.Stat()
	return err == nil && f.is(info)
}

// is reports whether info describes the current file.
func (f *File) is(info fs.FileInfo) bool {
	file := f.current.Load()
	if file == nil {
		return false
	}
	mine, err := file.Stat()
	return err == nil && os.SameFile(mine, info)
}

// openAppend opens a file for appending and never blocks.
func openAppend(path string, mode fs.FileMode) (*os.File, error) {
	const flags = os.O_WRONLY | os.O_APPEND | os.O_CREATE | syscall.O_NONBLOCK | syscall.O_NOCTTY
	file, err := safeopen.Open(path, flags, mode)
	if err == nil {
		return file, nil
	}
	fd, ok := descriptor(path)
	if !ok || !errors.Is(err, syscall.ENXIO) && !errors.Is(err, syscall.EACCES) {
		return nil, err
	}
	copied, _, errno := syscall.Syscall(syscall.SYS_FCNTL, uintptr(fd), syscall.F_DUPFD_CLOEXEC, 3)
	if errno != 0 {
		return nil, err
	}
	return os.NewFile(copied, path), nil
}

// descriptor returns which descriptor of this process a path stands for.
func descriptor(path string) (fd int, ok bool) {
	switch path {
	case "/dev/stdin":
		return 0, true
	case "/dev/stdout":
		return 1, true
	case "/dev/stderr":
		return 2, true
	}
	for _, dir := range []string{"/dev/fd/", "/proc/self/fd/"} {
		if digits, found := strings.CutPrefix(path, dir); found {
			fd, err := strconv.Atoi(digits)
			return fd, err == nil && fd >= 0
		}
	}
	return 0, false
}

// noReader reports whether a FIFO could not be opened because it has no reader.
func noReader(err error) bool { return errors.Is(err, syscall.ENXIO) }

// isRegular reports whether the path leads to a regular file.
func isRegular(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// unlink removes a file. A missing file is no error. Unlike os.Remove it never removes
// a directory.
func unlink(path string) error {
	if err := syscall.Unlink(path); err != nil && err != syscall.ENOENT {
		return &fs.PathError{Op: "unlink", Path: path, Err: err}
	}
	return nil
}

// truncate empties a regular file, if there is one.
func truncate(path string) error {
	if !isRegular(path) {
		return nil
	}
	file, err := safeopen.Open(path, os.O_WRONLY|os.O_TRUNC|syscall.O_NONBLOCK, 0)
	if err == nil {
		return file.Close()
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
