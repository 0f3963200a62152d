package spawn_test

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/spawn"
	"supervisor/supervisord/tools/testkit"
)

// limitFiles limits this process to n descriptors more than it has open. Tests that call it
// must not be parallel.
func limitFiles(t *testing.T, n int) {
	t.Helper()
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	now := before
	now.Cur = uint64(len(entries) + n)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &now); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
			t.Error(err)
		}
	})
}

// spawnUntilRefused spawns children until that fails, and returns them and the error.
func spawnUntilRefused(t *testing.T) (all []testChild, why error) {
	t.Helper()
	for {
		f := testChild{out: newSink(), err: newSink()}
		spec := &spawn.Spec{Args: []string{"sleep", "600"}, Path: "/bin/sleep", Env: os.Environ(), Umask: -1, Stdout: f.out, Stderr: f.err}
		if f.Child, why = spawner.Spawn(spec); why != nil {
			return all, why
		}
		t.Cleanup(func() {
			if f.Signal(syscall.SIGKILL, false) == nil { // unless the test has killed it
				f.awaitExit(t)
			}
		})
		all = append(all, f)
	}
}

// countPidfds returns how many pidfds this process has open.
func countPidfds(t *testing.T) (n int) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if target, _ := os.Readlink("/proc/self/fd/" + e.Name()); strings.Contains(target, "pidfd") {
			n++
		}
	}
	return n
}

// No child takes the reserved descriptors. An exit makes room for another child.
func TestSpawnKeepsReservedDescriptors(t *testing.T) {
	limitFiles(t, 64)
	all, why := spawnUntilRefused(t)
	var pipes *spawn.PipeError
	if !errors.As(why, &pipes) || !errors.Is(why, syscall.EMFILE) || !spawn.IsShortage(why) {
		t.Fatalf("after %d children: %v", len(all), why)
	}
	if len(all) < 10 {
		t.Errorf("only %d children", len(all))
	}
	var files []*os.File
	for i := range 14 { // of 16: the child that was refused may have taken some
		f, err := os.Open(os.DevNull)
		if err != nil {
			t.Fatalf("descriptor %d of the reserve: %v", i, err)
		}
		files = append(files, f)
	}
	for _, f := range files {
		f.Close()
	}
	first := all[0]
	if err := first.Signal(syscall.SIGKILL, false); err != nil {
		t.Fatal(err)
	}
	first.awaitExit(t)
	more, _ := spawnUntilRefused(t)
	if len(more) != 1 {
		t.Errorf("%d children in place of one", len(more))
	}
}

// When descriptors run short, adopted children take no more of them than others, and are
// still signalled and seen to exit.
func TestPidfdsClosedOnDescriptorShortage(t *testing.T) {
	const n = 3
	var adopted []testChild
	for range n {
		o := makeOrphan(t, "say", "ready", "wait")
		adopted = append(adopted, adopt(t, o))
	}
	if fd, err := unix.PidfdOpen(os.Getpid(), 0); err != nil {
		t.Skipf("SKIPPED: this kernel has no pidfds: %v", err)
	} else {
		unix.Close(fd)
	}
	// Those of the tests before are closed a moment after their children have exited.
	for limit := time.Now().Add(testkit.Timeout); countPidfds(t) != n; time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("%d pidfds", countPidfds(t))
		}
	}
	limitFiles(t, 40)
	all, why := spawnUntilRefused(t)
	if !spawn.IsShortage(why) || len(all) == 0 {
		t.Fatalf("after %d children: %v", len(all), why)
	}
	if got := countPidfds(t); got != 0 {
		t.Errorf("%d pidfds are still open", got)
	}
	o := adopted[0]
	if err := o.Signal(syscall.SIGKILL, true); err != nil {
		t.Error(err)
	}
	o.awaitExit(t)
	if err := syscall.Kill(adopted[1].Pid(), syscall.SIGKILL); err != nil {
		t.Error(err)
	}
	adopted[1].awaitExit(t)
	if err := adopted[1].Signal(syscall.SIGTERM, false); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("a signal after the exit: %v", err)
	}
	if n := strings.Count(mainLog.String(), "descriptors run short"); n != 1 {
		t.Errorf("logged %d times", n)
	}
}
