package spawn

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// stat is what /proc/PID/stat tells of a process.
type stat struct {
	state          byte
	parent         int
	group, session int
	startTime      uint64 // clock ticks since boot
}

// isDead tells whether nothing is left but the exit status.
func (s stat) isDead() bool { return s.state == 'Z' || s.state == 'X' }

func readStat(pid int) (stat, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return stat{}, err
	}
	return parseStat(data)
}

// parseStat begins after the name, which may hold anything, brackets too.
func parseStat(data []byte) (stat, error) {
	fields := bytes.Fields(data[bytes.LastIndexByte(data, ')')+1:])
	if len(fields) < 20 || len(fields[0]) != 1 {
		return stat{}, fmt.Errorf("no process status: %q", data)
	}
	s := stat{state: fields[0][0]}
	for i, to := range []*int{&s.parent, &s.group, &s.session} {
		n, err := strconv.Atoi(string(fields[i+1]))
		if err != nil {
			return stat{}, err
		}
		*to = n
	}
	var err error
	s.startTime, err = strconv.ParseUint(string(fields[19]), 10, 64)
	return s, err
}

// StartTime returns when a living process was forked, in clock ticks since boot,
// 0 if that can't be known.
func StartTime(pid int) uint64 {
	s, err := readStat(pid)
	if err != nil || s.isDead() {
		return 0
	}
	return s.startTime
}

// pipeAt returns the inode of the pipe that a process has as that descriptor,
// 0 if it is none.
func pipeAt(pid, fd int) uint64 {
	var target string
	err := withProcAccess(pid, func() (err error) {
		target, err = os.Readlink(descriptorPath(pid, fd))
		return err
	})
	if err != nil {
		return 0
	}
	return pipeInode(target)
}

func pipeInode(target string) uint64 {
	digits, isPipe := strings.CutPrefix(target, "pipe:[")
	if !isPipe {
		return 0
	}
	n, err := strconv.ParseUint(strings.TrimSuffix(digits, "]"), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func descriptorPath(pid, fd int) string { return fmt.Sprintf("/proc/%d/fd/%d", pid, fd) }

// isReadWrite tells whether a process has opened a descriptor for both.
func isReadWrite(pid, fd int) bool { return accessMode(pid, fd) == unix.O_RDWR }

// accessMode is what a process has opened a descriptor for, -1 if that can't be
// known.
func accessMode(pid, fd int) int {
	data, err := readProcFile(pid, fmt.Sprintf("fdinfo/%d", fd))
	if err != nil {
		return -1
	}
	_, rest, _ := strings.Cut(string(data), "flags:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return -1
	}
	flags, err := strconv.ParseUint(fields[0], 8, 64)
	if err != nil {
		return -1
	}
	return int(flags & unix.O_ACCMODE)
}

// inode returns that of a pipe of ours, 0 if fd is none.
func inode(fd int) uint64 {
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFIFO {
		return 0
	}
	return st.Ino
}

// exitField reads the last field of /proc/PID/stat: how a dead process ended.
func exitField(data []byte) (syscall.WaitStatus, bool) {
	fields := bytes.Fields(data[bytes.LastIndexByte(data, ')')+1:])
	if len(fields) < 50 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(fields[49]), 10, 32)
	return syscall.WaitStatus(n), err == nil
}

// variablesOf returns the variables that a process was born with. The error is
// fs.ErrPermission for one that we may not look into.
func variablesOf(pid int) (map[string]string, error) {
	data, err := readProcFile(pid, "environ")
	if err != nil {
		return nil, err
	}
	list := make(map[string]string)
	if !bytes.Contains(data, []byte("SUPERVISOR_ENABLED=")) {
		return list, nil // most have no supervisor
	}
	for kv := range strings.SplitSeq(string(data), "\x00") {
		if name, value, ok := strings.Cut(kv, "="); ok {
			list[name] = value
		}
	}
	return list, nil
}
