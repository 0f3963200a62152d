package spawn_test

import (
	"fmt"
	"runtime"
	"syscall"
	"testing"

	"supervisor/supervisord/spawn"
)

// OnSpawn is called before the sink, which may need to know the child.
func TestOnSpawnComesBeforeFirstOutput(t *testing.T) {
	t.Parallel()
	var pid int
	order := make(chan string, 10)
	f := spawnChild(t, func(s *spawn.Spec) {
		s.OnSpawn = func(c spawn.Child) {
			pid = c.Pid()
			order <- "spawned"
		}
		s.Stdout = sinkFunc(func([]byte) { order <- "output" })
	}, "say", "hello")
	if pid != f.Pid() {
		t.Errorf("OnSpawn got pid %d, want %d", pid, f.Pid())
	}
	f.awaitExit(t)
	if first, second := <-order, <-order; first != "spawned" || second != "output" {
		t.Errorf("%s came before %s", first, second)
	}
}

func TestOutputArrivesBeforeTheExit(t *testing.T) {
	t.Parallel()
	f := spawnChild(t, nil, "say", "last line", "warn", "last error", "exit", "1")
	f.awaitExit(t)
	if f.out.String() != "last line\n" || f.err.String() != "last error\n" {
		t.Errorf("got %q and %q", f.out, f.err)
	}
}

func TestLargeOutputArrivesBeforeTheExit(t *testing.T) {
	t.Parallel()
	const size = 3 << 20
	f := spawnChild(t, nil, "bytes", fmt.Sprint(size))
	f.awaitExit(t)
	if got := len(f.out.String()); got != size {
		t.Errorf("got %d bytes, want %d", got, size)
	}
}

func TestGrandchildThatHoldsThePipeIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	f := spawnChild(t, nil, "say", "mine", "fork", "wait", "--")
	defer syscall.Kill(-f.Pid(), syscall.SIGKILL)
	f.awaitExit(t)
	if f.out.String() != "mine\n" {
		t.Errorf("got %q", f.out)
	}
}

// Not parallel: it counts goroutines.
func TestIdleChildTakesNoGoroutine(t *testing.T) {
	spawnChild(t, nil, "say", "ready").awaitExit(t) // starts what the first child starts
	before := runtime.NumGoroutine()
	var idle []testChild
	for range 20 {
		f := spawnChild(t, nil, "say", "ready", "wait")
		f.out.await(t, "ready\n")
		idle = append(idle, f)
	}
	await(t, "the goroutines end", func() bool { return runtime.NumGoroutine() <= before+5 })
	for _, f := range idle {
		if err := f.Signal(syscall.SIGKILL, false); err != nil {
			t.Error(err)
		}
		f.awaitExit(t)
	}
}

// Lines that follow each other closely are gathered.
func TestSmallWritesAreBatched(t *testing.T) {
	t.Parallel()
	const lines = 5000
	var pieces, size int
	f := spawnChild(t, func(s *spawn.Spec) {
		s.Path = "/bin/sh"
		s.Args = []string{"sh", "-c", fmt.Sprintf("i=0; while [ $i -lt %d ]; do echo a line; i=$((i+1)); done", lines)}
		s.Stdout = sinkFunc(func(data []byte) {
			pieces++
			size += len(data)
		})
	})
	f.awaitExit(t)
	if want := lines * len("a line\n"); size != want {
		t.Errorf("%d bytes, want %d", size, want)
	}
	if pieces > lines/4 {
		t.Errorf("%d lines came in %d pieces", lines, pieces)
	}
}

func TestStderrSharesStdoutPipe(t *testing.T) {
	t.Parallel()
	f := spawnChild(t, func(s *spawn.Spec) { s.Stderr = nil }, "say", "one", "warn", "two", "say", "three")
	f.awaitExit(t)
	if f.out.String() != "one\ntwo\nthree\n" {
		t.Errorf("got %q", f.out)
	}
}
