package spawn

import (
	"errors"
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
	k := &kin{}
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
	if k.look()[os.Getpid()] != nil {
		t.Error("it would have ended itself")
	}
}
