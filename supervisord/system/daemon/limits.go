package daemon

import (
	"fmt"
	"math"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/system/inherited"
)

// limit is one of the two resource limits that supervisord raises.
type limit struct {
	resource int
	name     string // as the log calls it
	refusal  string // format: wanted, hard limit
}

var (
	fileLimit = limit{unix.RLIMIT_NOFILE, "RLIMIT_NOFILE",
		"The minimum number of file descriptors required to run this process is %d as per the \"minfds\" " +
			"command-line argument or config file setting. The current environment will only allow you to " +
			"open %d file descriptors.  Either raise the number of usable file descriptors in your environment " +
			"(see README.rst) or lower the minfds setting in the config file to allow the process to start."}
	processLimit = limit{unix.RLIMIT_NPROC, "RLIMIT_NPROC",
		"The minimum number of available processes required to run this program is %d as per the \"minprocs\" " +
			"command-line argument or config file setting. The current environment will only allow you to " +
			"open %d processes.  Either raise the number of usable processes in your environment " +
			"(see README.rst) or lower the minprocs setting in the config file to allow the program to start."}
)

// RaiseLimits makes sure that this process and its children may have minfds descriptors and
// minprocs processes. It returns the messages for the log. The error's text is for the user.
func RaiseLimits(minfds, minprocs int) (infos []string, err error) {
	for _, l := range []struct {
		limit
		want int
	}{{fileLimit, minfds}, {processLimit, minprocs}} {
		raised, err := l.raise(l.want)
		if err != nil {
			return infos, err
		}
		if raised {
			infos = append(infos, fmt.Sprintf("Increased %s limit to %d", l.name, l.want))
		}
	}
	return infos, nil
}

// raise raises the soft limit, and the hard one too where that is needed and allowed.
func (l limit) raise(want int) (raised bool, err error) {
	if want <= 0 {
		return false, nil
	}
	var now unix.Rlimit
	if err := unix.Getrlimit(l.resource, &now); err != nil {
		return false, fmt.Errorf("get %s: %w", l.name, err)
	}
	soft, hard := uint64(now.Cur), uint64(now.Max)
	if l.resource == unix.RLIMIT_NOFILE {
		if inheritedSoft, ok := inherited.Nofile(); ok {
			soft = inheritedSoft
		}
	}
	if isUnlimited(soft) || soft >= uint64(want) {
		return false, nil
	}
	wanted := unix.Rlimit{}
	setLimit(&wanted, uint64(want), max(hard, uint64(want)))
	if unix.Setrlimit(l.resource, &wanted) != nil {
		return false, fmt.Errorf(l.refusal, want, hard)
	}
	return true, nil
}

// isUnlimited reports whether a limit is infinite, which kernels express in two ways.
func isUnlimited(n uint64) bool { return n >= math.MaxInt64 }
