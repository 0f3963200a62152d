package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// state is the state letter of /proc/PID/stat, 0 if there is no such process.
func state(pid int) byte {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	return data[bytes.LastIndexByte(data, ')')+2] // the name of the process may contain anything
}

// Alive reports whether there is a process of this pid that is no zombie.
func Alive(pid int) bool {
	s := state(pid)
	return s != 0 && s != 'Z' && s != 'X'
}

// AwaitSuspended waits until a process has obeyed SIGSTOP.
func (d *Daemon) AwaitSuspended(pid int) {
	d.T.Helper()
	d.Await(fmt.Sprintf("process %d is suspended", pid), func() bool { return state(pid) == 'T' })
}

// AwaitEnd waits until a process has ended.
func (d *Daemon) AwaitEnd(pid int) {
	d.T.Helper()
	d.Await(fmt.Sprintf("process %d has ended", pid), func() bool { return !Alive(pid) })
}

// Kill sends SIGKILL to a process.
func Kill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
}

// ChildrenOf lists the direct children of a process.
func ChildrenOf(parent int) (pids []int) {
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", parent)) // each thread has its own
	for _, list := range lists {
		data, _ := os.ReadFile(list)
		for f := range strings.FieldsSeq(string(data)) {
			if pid, err := strconv.Atoi(f); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// Processes lists the pids of everything alive that the programs are or started.
func (d *Daemon) Processes() (pids []int) {
	entries, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, e := range entries {
		data, err := os.ReadFile(e)
		if err == nil && bytes.Contains(data, []byte("MARK="+d.Dir+"\x00")) {
			pid, _ := strconv.Atoi(strings.Split(e, "/")[2])
			if Alive(pid) {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// ExpectNoProcesses fails the test if any of Processes is left.
func (d *Daemon) ExpectNoProcesses() {
	d.T.Helper()
	if left := d.Processes(); len(left) > 0 {
		d.T.Errorf("processes left: %v", left)
	}
}

// AwaitNoProcesses waits until none of Processes is left. What a program starts for a
// moment, such as a sleep in a loop, may end a moment after the program.
func (d *Daemon) AwaitNoProcesses() {
	d.T.Helper()
	d.Await("no process is left", func() bool { return len(d.Processes()) == 0 })
}

// MaxThreads is how many threads the daemon may have, and a few for the race detector.
const MaxThreads = 16 + 4

// CountThreads counts the threads of a process.
func CountThreads(t *testing.T, pid int) int {
	t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// IgnoreTERMCommand is a command that ignores SIGTERM. Await it with AwaitIgnoresTERM:
// before its trap is set, SIGTERM ends it.
func (d *Daemon) IgnoreTERMCommand(name string) string {
	return fmt.Sprintf(`sh -c "trap '' TERM; touch %s; while :; do sleep 0.1; done"`, d.Path(name+".trapped"))
}

// AwaitIgnoresTERM waits until the commands of these names have set their trap.
func (d *Daemon) AwaitIgnoresTERM(names ...string) {
	d.T.Helper()
	for _, name := range names {
		d.AwaitFile(name + ".trapped")
	}
}
