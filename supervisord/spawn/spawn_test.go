package spawn_test

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"supervisor/supervisord/spawn"
	"supervisor/supervisord/tools/testkit"
)

func TestExitText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args []string
		want string
		code int
	}{
		{[]string{"exit", "0"}, "exit status 0", 0},
		{[]string{"exit", "3"}, "exit status 3", 3},
		{[]string{"kill", "9"}, "terminated by SIGKILL", -1},
		{[]string{"kill", "15"}, "terminated by SIGTERM", -1},
	} {
		e := spawnChild(t, nil, tt.args...).awaitExit(t)
		if e.String() != tt.want || e.Code != tt.code {
			t.Errorf("%v: got %q, code %d", tt.args, e, e.Code)
		}
	}
}

func TestSignalsReachTheGroup(t *testing.T) {
	t.Parallel()
	f := spawnChild(t, nil, "fork", "say", "grandchild", "wait", "--", "wait")
	f.out.await(t, "grandchild")
	if err := f.Signal(syscall.SIGKILL, true); err != nil {
		t.Fatal(err)
	}
	f.awaitExit(t)
	// The grandchild still holds the pipe; only its exit ends the group.
	limit := time.Now().Add(testkit.Timeout)
	for syscall.Kill(-f.Pid(), 0) == nil {
		if time.Now().After(limit) {
			t.Fatal("the group still lives")
		}
		runtime.Gosched()
	}
}

func TestExitedChildIsNotSignalled(t *testing.T) {
	t.Parallel()
	f := spawnChild(t, nil, "exit", "0")
	f.awaitExit(t)
	if err := f.Signal(syscall.SIGTERM, false); err != syscall.ESRCH {
		t.Errorf("got %v, want ESRCH", err)
	}
}

func TestEveryExitIsReported(t *testing.T) {
	t.Parallel()
	const n = 200
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if e := spawnChild(t, nil, "exit", fmt.Sprint(i%100)).awaitExit(t); e.Code != i%100 {
				t.Errorf("child %d: got %v", i, e)
			}
		})
	}
	wg.Wait()
}

func TestNoDescriptorLeak(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("counts /proc/self/fd")
	}
	count := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	spawnChild(t, nil, "exit", "0").awaitExit(t)
	before := count()
	for range 1000 {
		spawnChild(t, func(s *spawn.Spec) { s.Path, s.Args = "/bin/true", []string{"true"} }).awaitExit(t)
	}
	for range 20 {
		spawnChild(t, func(s *spawn.Spec) { s.Dir = "/no/such/dir" }).awaitExit(t)
	}
	if after := count(); after > before {
		t.Errorf("%d descriptors, %d before", after, before)
	}
}

func BenchmarkSpawnToExit(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		child, err := spawner.Spawn(&spawn.Spec{
			Path: "/bin/true", Args: []string{"true"}, Umask: -1, Stdout: newSink(), Stderr: newSink(),
		})
		if err != nil {
			b.Fatal(err)
		}
		<-child.Exited()
	}
}
