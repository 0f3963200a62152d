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

// reservedFDs is how many of its descriptors the daemon keeps for work of its own:
// clients of the unix socket, rotated logs, the state file. Where there are few it
// is a quarter of them.
const reservedFDs = 16

// IsShortage reports whether an error means that the daemon, or the system, has no
// descriptors left. It says nothing about the program that was to get some.
func IsShortage(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// firstReserved is the first descriptor of the reserve, as of now. The kernel gives
// the lowest number that is free, so when it is given all below are in use.
func firstReserved() int {
	most := maxFiles()
	return int(min(most-min(reservedFDs, most/4), math.MaxInt))
}

// maxFiles is the limit of descriptors as of now.
func maxFiles() uint64 {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return 1 << 20
	}
	return uint64(limit.Cur)
}

// takesReserve reports whether the reserve is needed for what the daemon has open
// because of the child. The child's own ends, which are closed at its birth, don't
// count.
func (c *child) takesReserve() bool {
	ours := make([]int, 0, 3)
	if c.stdin != nil {
		ours = append(ours, c.stdin.fd)
	}
	for _, p := range c.outputs {
		ours = append(ours, p.FD())
	}
	theirs := c.childEnds[:]
	if theirs[1] == theirs[2] {
		theirs = theirs[:2]
	}
	first := firstReserved()
	return slices.ContainsFunc(ours, func(fd int) bool {
		afterClose := fd
		for _, of := range theirs {
			if of >= 0 && of < fd {
				afterClose--
			}
		}
		return afterClose >= first
	})
}

// addPidfd takes note of a pidfd, to be given up when descriptors run short.
func (s *Spawner) addPidfd(f *os.File) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pidfds == nil {
		s.pidfds = make(map[*os.File]bool)
	}
	s.pidfds[f] = true
}

// closePidfd closes one.
func (s *Spawner) closePidfd(f *os.File) {
	s.mu.Lock()
	delete(s.pidfds, f)
	s.mu.Unlock()
	f.Close()
}

// closePidfds closes all pidfds: adopted children can be watched without, and
// cost no more than other children then. It reports whether there were any.
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
		s.log.Warn(fmt.Sprintf("descriptors run short (%d may be open, %d are kept in reserve): adopted processes are known by pid and time of birth now, "+
			"and their end may be noticed a second late", maxFiles(), min(reservedFDs, maxFiles()/4)))
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
		s.log.Warn(fmt.Sprintf("there are no pidfds here (%v): processes that are not children of this supervisord are known by pid and time of birth, "+
			"and their end may be noticed %s late", why, pidfd.MaxPollInterval))
	})
}
