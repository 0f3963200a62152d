package procfs

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// Stat is what /proc/PID/stat says about a process.
type Stat struct {
	State          byte // a letter, see proc_pid_stat(5)
	Parent         int  // pid
	Group, Session int
	StartTime      uint64 // clock ticks since boot
}

// IsDead reports whether nothing is left of the process but its exit status.
func (s Stat) IsDead() bool { return s.State == 'Z' || s.State == 'X' }

// ReadStat reads /proc/PID/stat.
func ReadStat(pid int) (Stat, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return Stat{}, err
	}
	return parseStat(data)
}

// parseStat begins after the name, which may contain anything, also brackets.
func parseStat(data []byte) (Stat, error) {
	fields := bytes.Fields(data[bytes.LastIndexByte(data, ')')+1:])
	if len(fields) < 20 || len(fields[0]) != 1 {
		return Stat{}, fmt.Errorf("no process status: %q", data)
	}
	s := Stat{State: fields[0][0]}
	for i, to := range []*int{&s.Parent, &s.Group, &s.Session} {
		n, err := strconv.Atoi(string(fields[i+1]))
		if err != nil {
			return Stat{}, err
		}
		*to = n
	}
	var err error
	s.StartTime, err = strconv.ParseUint(string(fields[19]), 10, 64)
	return s, err
}

// StartTime returns when a living process was forked, in clock ticks since boot. It
// returns 0 if there is no such process or the time is unknown.
func StartTime(pid int) uint64 {
	s, err := ReadStat(pid)
	if err != nil || s.IsDead() {
		return 0
	}
	return s.StartTime
}

// IsSame reports whether pid still is the process with that start time. With orZombie
// it may have exited: until it is reaped no other process gets its pid.
func IsSame(pid int, startTime uint64, orZombie bool) bool {
	s, err := ReadStat(pid)
	return err == nil && startTime != 0 && s.StartTime == startTime && (orZombie || !s.IsDead())
}

// Ancestors returns the pids of the ancestors of this process.
func Ancestors() map[int]bool {
	set := make(map[int]bool)
	for pid := os.Getppid(); pid > 0 && !set[pid]; {
		set[pid] = true
		s, err := ReadStat(pid)
		if err != nil {
			break
		}
		pid = s.Parent
	}
	return set
}

// IsAncestor reports whether a process is the parent of this one, or further up.
func IsAncestor(pid int) bool { return Ancestors()[pid] }

// ExitStatus returns the exit status of a process that has exited and is not reaped.
// It reports false if there is no such process. The kernel shows 0 to those who may
// not trace the process, so the status is read with the rights of the process's user.
func ExitStatus(pid int, startTime uint64) (ws syscall.WaitStatus, ok bool) {
	read := func() error {
		data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return err
		}
		if s, err := parseStat(data); err != nil || !s.IsDead() || s.StartTime != startTime {
			return err
		}
		ws, ok = exitField(data)
		return nil
	}
	if uid, _, err := userOf(pid); err != nil || uid == os.Geteuid() || mayTrace() {
		_ = read() // on an error ok stays false
	} else {
		_ = asUserOf(pid, read)
	}
	return ws, ok
}

// exitField reads the last field of /proc/PID/stat, the exit status.
func exitField(data []byte) (syscall.WaitStatus, bool) {
	fields := bytes.Fields(data[bytes.LastIndexByte(data, ')')+1:])
	if len(fields) < 50 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(fields[49]), 10, 32)
	return syscall.WaitStatus(n), err == nil
}

// mayTrace reports whether this process may trace all others.
func mayTrace() bool {
	var have [2]unix.CapUserData
	err := unix.Capget(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &have[0])
	return err == nil && have[0].Effective&(1<<unix.CAP_SYS_PTRACE) != 0
}

// BootTicks returns the time since boot in clock ticks, comparable to StartTime, or 0
// if it is unknown.
func BootTicks() uint64 {
	var t unix.Timespec
	if unix.ClockGettime(unix.CLOCK_BOOTTIME, &t) != nil {
		return 0
	}
	return uint64(t.Nano()) / (1e9 / 100)
}
