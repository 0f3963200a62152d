package spawn

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/system/pidfd"
)

// reservedFDs is how many descriptors the daemon keeps for its own work: clients of the
// unix socket, rotated logs, the state file. Where the limit is low it is a quarter of that.
const reservedFDs = 16

// IsShortage reports whether an error means that the daemon or the system has no
// descriptors left. The program that was to be started is not the reason then.
func IsShortage(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// firstReserved returns the lowest descriptor of the reserve under the current limit. The
// kernel returns the lowest free number, so once it returns this one, all below are in use.
func firstReserved() int {
	most := maxFiles()
	return int(min(most-min(reservedFDs, most/4), math.MaxInt))
}

// maxFiles returns the current limit of descriptors.
func maxFiles() uint64 {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return 1 << 20
	}
	return uint64(limit.Cur)
}

// takesReserve reports whether the daemon's ends of the child's pipes take descriptors of
// the reserve. The child's ends don't count: they are closed after the fork.
func (c *child) takesReserve() bool {
	ours := make([]int, 0, 3)
	if c.stdin != nil {
		ours = append(ours, c.stdin.fd)
	}
	for _, r := range c.outputs {
		ours = append(ours, r.FD())
	}
	theirs := c.childEnds[:]
	if theirs[1] == theirs[2] {
		theirs = theirs[:2]
	}
	first := firstReserved()
	return slices.ContainsFunc(ours, func(fd int) bool {
		afterClose := fd
		for _, their := range theirs {
			if their >= 0 && their < fd {
				afterClose--
			}
		}
		return afterClose >= first
	})
}

// addPidfd notes a pidfd, so that it can be closed when descriptors run short.
func (s *Spawner) addPidfd(f *os.File) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pidfds == nil {
		s.pidfds = make(map[*os.File]bool)
	}
	s.pidfds[f] = true
}

// closePidfd closes one pidfd.
func (s *Spawner) closePidfd(f *os.File) {
	s.mu.Lock()
	delete(s.pidfds, f)
	s.mu.Unlock()
	f.Close()
}

// closePidfds closes all pidfds, so that adopted children take no more descriptors than
// others. They can be watched without. It reports whether there were any.
func (s *Spawner) closePidfds() bool {
	s.mu.Lock()
	files := s.pidfds
	s.pidfds = nil
	s.mu.Unlock()
	for f := range files {
		f.Close()
	}
	if len(files) == 0 {
		return false
	}
	s.shortageLogged.Do(func() {
		s.log.Warn(fmt.Sprintf("descriptors run short (%d may be open, %d are kept in reserve): adopted processes are identified by pid and start time now, "+
			"and their exit may be noticed a second late", maxFiles(), min(reservedFDs, maxFiles()/4)))
	})
	return true
}

// warnNoPidfd logs once why processes that are not children are watched without pidfds.
// It does nothing if why is nil.
func (s *Spawner) warnNoPidfd(why error) {
	if why == nil {
		return
	}
	s.noPidfdLogged.Do(func() {
		s.log.Warn(fmt.Sprintf("there are no pidfds here (%v): processes that are not children of this supervisord are identified by pid and start time, "+
			"and their exit may be noticed %s late", why, pidfd.MaxPollInterval))
	})
}
