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

// alwaysCheckBelow is how close to its maximum size a file's real size is asked for
// after every write. Until then it is asked for whenever half of the room is
// used up: often enough for two programs that share a file.
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
		// The file grows on. Trying again with every write would cost much and
		// report often, so it has to grow by as much again.
		f.room, f.checkAt = f.o.MaxBytes, 0
		return fmt.Errorf("rotate log %s: %w", f.path, err)
	}
	return nil
}

// rotate puts the full file aside and starts a new one.
//
// Only who holds the lock of the file that has the name may move it. So those
// who share a log, in this daemon or another one, never rotate it together;
// who comes too late finds that the name has gone to a new file and follows.
func (f *File) rotate() error {
	unlock, busy := lock(f.current.Load())
	if busy {
		return nil // the next write looks again
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

// lock locks a file against others who want to rotate it. A file system that
// knows no locks gives none, and rotates as well.
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
