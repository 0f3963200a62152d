package daemon

import (
	"hash/fnv"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// A name is locked as a range of the pidfile far behind its end. The range begins where the
// hash of the name says. Its length encodes the holder's pid, which the kernel does not report
// for such locks. Like the lock on the file, it belongs to the open file: it stays when the
// process executes another binary, and ends with the process.

// lockNames locks the names. If another process has locked one of them, it returns that
// process's pid, 0 if unknown, and true.
func (p *Pidfile) lockNames(names []string) (holder int, taken bool) {
	for _, name := range names {
		lock := unix.Flock_t{Type: unix.F_WRLCK, Start: lockOffset(name), Len: int64(os.Getpid()) + 1}
		if err := unix.FcntlFlock(p.file.Fd(), unix.F_OFD_SETLK, &lock); err != unix.EAGAIN && err != unix.EACCES {
			continue // locked, or a file system without locks
		}
		if err := unix.FcntlFlock(p.file.Fd(), unix.F_OFD_GETLK, &lock); err != nil || lock.Type == unix.F_UNLCK {
			return 0, true
		}
		return int(lock.Len) - 1, true
	}
	return 0, false
}

// otherLockHolder returns the pid of another process that has locked names, 0 if there is none.
// Earlier versions lock no names.
func (p *Pidfile) otherLockHolder() int {
	lock := unix.Flock_t{Type: unix.F_WRLCK}
	if err := unix.FcntlFlock(p.file.Fd(), unix.F_OFD_GETLK, &lock); err != nil || lock.Type == unix.F_UNLCK {
		return 0
	}
	return int(lock.Len) - 1
}

// lockOffset returns where the range of a name begins. Between two ranges there is room for the
// largest pid.
func lockOffset(name string) int64 {
	const pidBits = 23
	h := fnv.New64a()
	_, _ = io.WriteString(h, name)
	return int64(h.Sum64()>>(pidBits+2)) << pidBits
}
