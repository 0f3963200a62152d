package spawn

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"supervisor/supervisord/system/procfs"
	"supervisor/supervisord/tools/testkit"
)

// TestARecycledPidIsNotSignalled: a process is its number and its birthday. One
// that has the number of a relative, but was born at another time, is left alone.
func TestARecycledPidIsNotSignalled(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("sleep", "600")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	defer cmd.Process.Kill()
	startTime := procfs.StartTime(pid)
	k := &processTree{spawner: New(slog.New(slog.DiscardHandler))}
	if err := k.signalOne(pid, startTime-1, syscall.SIGKILL); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("a signal to one who had the number before comes to %v", err)
	}
	if procfs.StartTime(pid) != startTime {
		t.Fatal("a stranger was killed")
	}
	if err := k.signalOne(pid, startTime, syscall.SIGCONT); err != nil {
		t.Errorf("a signal to the right one comes to %v", err)
	}
}

// TestDaemonIsNoDescendant, even if it has a relative's names.
func TestDaemonIsNoDescendant(t *testing.T) {
	t.Parallel()
	s := New(nil)
	k := s.newProcessTree(&child{spawner: s, pid: os.Getppid()}, &Spec{Scope: ScopeTree}, nil)
	if found, _ := k.scan(); found[os.Getpid()] != nil {
		t.Error("it would have ended itself")
	}
}

// TestChildBeingForkedIsNoOrphan: a command that the daemon runs for a program has
// the same variables, and is a child of the daemon, as orphans of the program are.
func TestChildBeingForkedIsNoOrphan(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("sleep", "600")
	cmd.Env = []string{"FAMILY=newborn"}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	defer cmd.Process.Kill()
	awaitEnviron(t, pid)
	s := New(nil)
	k := s.newProcessTree(&child{spawner: s}, &Spec{Scope: ScopeTree, Markers: cmd.Env}, nil)
	p := &process{pid: pid, Stat: procfs.Stat{Parent: os.Getpid(), StartTime: procfs.StartTime(pid)}}
	for _, tt := range []struct {
		set        func()
		is, unsure bool
	}{
		{func() { s.forking, s.forkingSince = 1, p.StartTime }, false, true},
		{func() { s.forking, s.forkingSince = 1, p.StartTime+1 }, true, false},
		{func() { s.forking = 0 }, true, false},
		{func() { s.children[pid] = &child{} }, false, false},
	} {
		tt.set()
		if is, unsure := k.isOrphan(p); is != tt.is || unsure != tt.unsure {
			t.Errorf("births %d since %d: orphan %v, unsure %v", s.forking, s.forkingSince, is, unsure)
		}
	}
}

// awaitEnviron waits until a process shows its environment. The kernel closes
// descriptors, by which the parent learns of a successful execve, a moment before
// it sets up the new program's environment.
func awaitEnviron(t *testing.T, pid int) {
	t.Helper()
	for end := time.Now().Add(testkit.Timeout); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if data, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid)); err != nil || len(data) > 0 {
			return
		}
	}
	t.Fatalf("process %d has no environment", pid)
}
