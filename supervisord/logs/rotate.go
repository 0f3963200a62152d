package logs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"syscall"
)

// alwaysCheckBelow is the room, in bytes, below which a file's real size is read after
// every write. Before, it is read whenever half of the room is used up: often enough
// for two programs that share a file.
const alwaysCheckBelow = 64 << 10

// rotates reports whether the current file is one to be rotated.
func (f *File) rotates() bool { return f.o.MaxBytes > 0 && f.isPlain.Load() && !f.isStdio }

// setSize notes how much room a file of the given size has left.
func (f *File) setSize(size int64) {
	f.room = f.o.MaxBytes - size
	f.checkAt = f.room / 2
	if f.room <= alwaysCheckBelow {
		f.checkAt = f.room
	}
}

// countWritten accounts for n written bytes and rotates the file when it is full.
func (f *File) countWritten(n int) error {
	if !f.rotates() {
		return nil
	}
	f.room -= int64(n)
	if f.room > f.checkAt {
		return nil
	}
	size, err := f.current.Load().Seek(0, io.SeekCurrent)
	if err != nil {
		return fmt.Errorf("rotate log %s: %w", f.path, err)
	}
	f.setSize(size)
	if f.room > 0 {
		return nil
	}
	if err := f.rotate(); err != nil {
		// The file keeps growing. To try again with every write would be expensive and
		// fill the main log, so the next attempt is after another MaxBytes.
		f.room, f.checkAt = f.o.MaxBytes, 0
		return fmt.Errorf("rotate log %s: %w", f.path, err)
	}
	return nil
}

// rotate renames the full file to a backup and starts a new one.
//
// Only the holder of a lock on the file may rename it. So two writers that share a log,
// in this daemon or in another one, never rotate it at the same time; the later one
// finds that the name belongs to a new file and opens that.
func (f *File) rotate() error {
	unlock, busy := lock(f.current.Load())
	if busy {
		return nil // the next write checks again
	}
	defer unlock()
	if !f.isNamed() {
		return f.open()
	}
	if f.o.Backups <= 0 {
		return f.truncate()
	}
	for i := f.o.Backups; i > 0; i-- {
		err := os.Rename(backup(f.path, i-1), backup(f.path, i))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return f.open()
}

// backup returns the name of the i-th oldest file of a log, where the 0th is
// the log itself.
func backup(path string, i int) string {
	if i == 0 {
		return path
	}
	return path + "." + strconv.Itoa(i)
}

// OpenRotated opens the i-th oldest file of a log for reading and returns its size;
// the 0th is the log itself. It never blocks, see [Read]. The error is that of the
// system, [fs.ErrNotExist] if there is no such file.
func OpenRotated(path string, i int) (*os.File, int64, error) { return openLog(backup(path, i)) }

// lock locks a file against rotation by others. On a file system without locks it does
// nothing and succeeds.
func lock(file *os.File) (unlock func(), busy bool) {
	flock := func(op int) (err error) {
		raw, err := file.SyscallConn()
		if err != nil {
			return err
		}
		if e := raw.Control(func(fd uintptr) { err = syscall.Flock(int(fd), op) }); e != nil {
			return e
		}
		return err
	}
	if err := flock(syscall.LOCK_EX | syscall.LOCK_NB); err == syscall.EWOULDBLOCK {
		return nil, true
	}
	// An error means that the file has been closed, which unlocks it too.
	return func() { _ = flock(syscall.LOCK_UN) }, false
}
