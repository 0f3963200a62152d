package daemon

import (
	"hash/fnv"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// A name is a lock on a range of the pidfile far behind its end, where its hash
// says. Its length is the pid of the holder, since the kernel says nothing else
// about it: all ranges of one name begin with the same byte. Like the lock on the
// file it belongs to the open file, which outlasts the execution of another
// binary and ends with the process.

// lockNames takes the locks, and tells who has one of them already.
func (p *Pidfile) lockNames(names []string) (holder int, taken bool) {
	for _, name := range names {
		lock := unix.Flock_t{Type: unix.F_WRLCK, Start: lockOffset(name), Len: int64(os.Getpid()) + 1}
		if err := unix.FcntlFlock(p.file.Fd(), unix.F_OFD_SETLK, &lock); err != unix.EAGAIN && err != unix.EACCES {
			continue // also where there are no locks
		}
		if err := unix.FcntlFlock(p.file.Fd(), unix.F_OFD_GETLK, &lock); err != nil || lock.Type == unix.F_UNLCK {
			return 0, true
		}
		return int(lock.Len) - 1, true
	}
	return 0, false
}

// otherLockHolder returns the pid of another one who has names, 0 if there is none. An
// earlier version has none.
func (p *Pidfile) otherLockHolder() int {
	lock := unix.Flock_t{Type: unix.F_WRLCK}
	if err := unix.FcntlFlock(p.file.Fd(), unix.F_OFD_GETLK, &lock); err != nil || lock.Type == unix.F_UNLCK {
		return 0
	}
	return int(lock.Len) - 1
}

// lockOffset leaves room for the largest pid between two names.
func lockOffset(name string) int64 {
	const pidBits = 23
	h := fnv.New64a()
	_, _ = io.WriteString(h, name)
	return int64(h.Sum64()>>(pidBits+2)) << pidBits
}
