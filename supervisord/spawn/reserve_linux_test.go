package spawn_test

import (
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"supervisor/supervisord/spawn"
)

// limitFiles lets this process have n descriptors more than it has. Tests that
// call it can't run beside others.
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

// spawnUntilRefused has as many children as there may be, and returns them and why there
// are no more.
func spawnUntilRefused(t *testing.T) (all []testChild, why error) {
	t.Helper()
	for {
		f := testChild{out: newSink(), err: newSink()}
		spec := &spawn.Spec{Args: []string{"sleep", "600"}, Path: "/bin/sleep", Env: os.Environ(), Umask: -1, Stdout: f.out, Stderr: f.err}
		if f.Child, why = spawner.Spawn(spec); why != nil {
			return all, why
		}
		t.Cleanup(func() {
			if f.Signal(syscall.SIGKILL, false) == nil { // or the test has ended it
				f.awaitExit(t)
			}
		})
		all = append(all, f)
	}
}

// countPidfds counts those of this process.
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

// TestSpawnKeepsReservedDescriptors: the last descriptors are not for children, and one
// that ends makes room for another.
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
	for i := range 14 { // of 16, of which the first child that is refused may get some
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

// TestPidfdsClosedOnDescriptorShortage: adopted children take no more descriptors than others when
// these run short, and are signalled and seen to end all the same.
func TestPidfdsClosedOnDescriptorShortage(t *testing.T) {
	const n = 3
	var adopted []testChild
	for range n {
		o := makeOrphan(t, "say", "ready", "wait")
		adopted = append(adopted, adopt(t, o))
	}
	if got := countPidfds(t); got != n {
		t.Skipf("SKIPPED: %d pidfds: there are none here", got)
	}
	limitFiles(t, 40)
	all, why := spawnUntilRefused(t)
	if !spawn.IsShortage(why) || len(all) == 0 {
		t.Fatalf("after %d children: %v", len(all), why)
	}
	if got := countPidfds(t); got != 0 {
		t.Errorf("%d pidfds are left", got)
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
		t.Errorf("a signal to nobody: %v", err)
	}
	if n := strings.Count(mainLog.String(), "descriptors run short"); n != 1 {
		t.Errorf("said %d times", n)
	}
}
