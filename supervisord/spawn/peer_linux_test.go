package spawn

import (
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"syscall"
	"testing"
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
	born := Birthday(pid)
	k := &kin{spawner: New(slog.New(slog.DiscardHandler))}
	if err := k.signalPeer(pid, born-1, syscall.SIGKILL); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("a signal to one who had the number before comes to %v", err)
	}
	if Birthday(pid) != born {
		t.Fatal("a stranger was killed")
	}
	if err := k.signalPeer(pid, born, syscall.SIGCONT); err != nil {
		t.Errorf("a signal to the right one comes to %v", err)
	}
}

// TestTheDaemonIsNobodysRelative, even if it has a relative's names.
func TestTheDaemonIsNobodysRelative(t *testing.T) {
	t.Parallel()
	s := New(nil)
	k := s.newKin(&child{spawner: s, pid: os.Getppid()}, &Spec{Scope: ScopeTree}, nil)
	if found, _ := k.look(); found[os.Getpid()] != nil {
		t.Error("it would have ended itself")
	}
}

// TestWhoIsBeingBornIsNoOrphan: a command that the daemon runs for a program has
// the same variables, and is a child of the daemon, as orphans of the program are.
func TestWhoIsBeingBornIsNoOrphan(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("sleep", "600")
	cmd.Env = []string{"FAMILY=newborn"}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	defer cmd.Process.Kill()
	s := New(nil)
	k := s.newKin(&child{spawner: s}, &Spec{Scope: ScopeTree, Family: cmd.Env}, nil)
	p := &peer{pid: pid, stat: stat{parent: os.Getpid(), born: Birthday(pid)}}
	for _, tt := range []struct {
		set        func()
		is, unsure bool
	}{
		{func() { s.births, s.bearing = 1, p.born }, false, true},
		{func() { s.births, s.bearing = 1, p.born+1 }, true, false},
		{func() { s.births = 0 }, true, false},
		{func() { s.children[pid] = &child{} }, false, false},
	} {
		tt.set()
		if is, unsure := k.isOrphan(p); is != tt.is || unsure != tt.unsure {
			t.Errorf("births %d since %d: orphan %v, unsure %v", s.births, s.bearing, is, unsure)
		}
	}
}
