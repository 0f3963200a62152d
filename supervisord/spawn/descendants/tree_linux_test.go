package descendants

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"supervisor/supervisord/system/procfs"
	"supervisor/supervisord/tools/testkit"
)

func TestMain(m *testing.M) {
	testkit.ApplySeccomp()
	goleak.VerifyTestMain(m)
}

// fakeLeader is a child with a pid that no signal reaches.
type fakeLeader int

func (l fakeLeader) Pid() int                          { return int(l) }
func (l fakeLeader) Signal(syscall.Signal, bool) error { return syscall.ESRCH }
func (l fakeLeader) IsReaped() bool                    { return false }
func (l fakeLeader) LastAliveTick() uint64             { return 0 }

// newTestTree returns a tree of a daemon that has spawned what isSpawned says.
func newTestTree(leader int, isSpawned func(int, uint64) (bool, bool), markers ...string) *Tree {
	t := NewTracker(Daemon{
		Log: slog.New(slog.DiscardHandler), ReapsOrphans: func() bool { return true },
		IsSpawned: isSpawned, NoPidfd: func(error) {},
	})
	return t.New(fakeLeader(leader), Options{Scope: ScopeTree, Markers: markers})
}

// startSleep starts a process that only waits.
func startSleep(t *testing.T, env ...string) (pid int) {
	t.Helper()
	cmd := exec.Command("sleep", "600")
	cmd.Env = env
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	return cmd.Process.Pid
}

// A process is identified by its pid and start time. Another one that has got the pid is
// not signalled.
func TestARecycledPidIsNotSignalled(t *testing.T) {
	t.Parallel()
	pid := startSleep(t)
	startTime := procfs.StartTime(pid)
	tree := newTestTree(1, nil)
	if err := tree.signalOne(pid, startTime-1, syscall.SIGKILL); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("a signal to an earlier process with the pid: %v", err)
	}
	if procfs.StartTime(pid) != startTime {
		t.Fatal("another process was killed")
	}
	if err := tree.signalOne(pid, startTime, syscall.SIGCONT); err != nil {
		t.Errorf("a signal to the right process: %v", err)
	}
}

func TestARecycledPidIsNotSignalledWithoutPidfds(t *testing.T) {
	for what, rules := range testkit.WithoutPidfds() {
		t.Run(what, func(t *testing.T) {
			argv := testkit.SeccompCommand(rules, testkit.Binary(), "-test.count=1", "-test.v", "-test.run=^TestARecycledPidIsNotSignalled$")
			out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput()
			if err != nil || strings.Count(string(out), "\n--- PASS") != 1 {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// The daemon is no descendant, even if its parent is one.
func TestDaemonIsNoDescendant(t *testing.T) {
	t.Parallel()
	tree := newTestTree(os.Getppid(), nil)
	if found, _ := tree.scan(); found[os.Getpid()] != nil {
		t.Error("the daemon would have killed itself")
	}
}

// A command that the daemon runs for a program has the program's variables and is a child
// of the daemon, as orphans of the program are.
func TestSpawnedChildIsNoOrphan(t *testing.T) {
	t.Parallel()
	const marker = "MARKER=forked"
	pid := startSleep(t, marker)
	awaitEnviron(t, pid)
	p := &process{pid: pid, Stat: procfs.Stat{Parent: os.Getpid(), StartTime: procfs.StartTime(pid)}}
	for _, tt := range []struct{ spawned, unsureSpawned, is, unsure bool }{
		{spawned: true},
		{unsureSpawned: true, unsure: true},
		{is: true},
	} {
		isSpawned := func(gotPID int, startTime uint64) (bool, bool) {
			if gotPID != pid || startTime != p.StartTime {
				t.Errorf("asked for process %d of %d", gotPID, startTime)
			}
			return tt.spawned, tt.unsureSpawned
		}
		tree := newTestTree(1, isSpawned, marker)
		if is, unsure := tree.isOrphan(p); is != tt.is || unsure != tt.unsure {
			t.Errorf("%+v: orphan %v, unsure %v", tt, is, unsure)
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
