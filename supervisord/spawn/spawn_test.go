package spawn_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"supervisor/supervisord/api/signals"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/system/accounts"
	"supervisor/supervisord/system/daemon"
	"supervisor/supervisord/tools/testkit"
)

// One process has one reaper, so the tests share a spawner.
var (
	spawner *spawn.Spawner
	mainLog = &testkit.Log{Level: slog.LevelInfo}
)

func TestMain(m *testing.M) {
	spawn.RunExecutor()
	testkit.ApplySeccomp()
	suite := testkit.BuildPrograms(m, testkit.ChildPackage)
	runParent()
	daemon.CloseOnExecAll()
	ctx, cancel := context.WithCancel(context.Background())
	spawner = spawn.New(mainLog.Logger())
	var reaper sync.WaitGroup
	reaper.Go(func() { spawner.Run(ctx) })
	status := suite.Run()
	cancel()
	reaper.Wait()
	if err := goleak.Find(); status == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

// sink keeps what a child says and lets a test wait for it.
type sink struct {
	mu      sync.Mutex
	text    bytes.Buffer
	changed chan struct{}
}

func newSink() *sink { return &sink{changed: make(chan struct{}, 1)} }

func (s *sink) Write(p []byte) {
	s.mu.Lock()
	s.text.Write(p)
	s.mu.Unlock()
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

func (s *sink) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

func (s *sink) await(t *testing.T, want string) {
	t.Helper()
	limit := time.After(testkit.Timeout)
	for !strings.Contains(s.String(), want) {
		select {
		case <-s.changed:
		case <-limit:
			t.Fatalf("waited for %q, got %q", want, s)
		}
	}
}

// testChild is a child with both of its outputs.
type testChild struct {
	spawn.Child
	out, err *sink
}

func spawnChild(t *testing.T, change func(*spawn.Spec), args ...string) testChild {
	t.Helper()
	f := testChild{out: newSink(), err: newSink()}
	spec := &spawn.Spec{
		Args:   testkit.Command(args...),
		Env:    os.Environ(),
		Umask:  -1,
		Stdout: f.out,
		Stderr: f.err,
	}
	spec.Path = spec.Args[0]
	if change != nil {
		change(spec)
	}
	child, err := spawner.Spawn(spec)
	if err != nil {
		t.Fatal(err)
	}
	f.Child = child
	return f
}

func (f testChild) awaitExit(t *testing.T) spawn.Exit {
	t.Helper()
	select {
	case e := <-f.Exited():
		return e
	case <-time.After(testkit.Timeout):
		t.Fatalf("child %d does not end", f.Pid())
		return spawn.Exit{}
	}
}

// Whoever takes the output knows whose it is.
func TestOnSpawnComesBeforeFirstOutput(t *testing.T) {
	t.Parallel()
	var pid int
	order := make(chan string, 10)
	f := spawnChild(t, func(s *spawn.Spec) {
		s.OnSpawn = func(c spawn.Child) {
			pid = c.Pid()
			order <- "born"
		}
		s.Stdout = sinkFunc(func([]byte) { order <- "output" })
	}, "say", "hello")
	if pid != f.Pid() {
		t.Errorf("told of pid %d, got %d", pid, f.Pid())
	}
	f.awaitExit(t)
	if first, second := <-order, <-order; first != "born" || second != "output" {
		t.Errorf("%s came before %s", first, second)
	}
}

type sinkFunc func([]byte)

func (f sinkFunc) Write(data []byte) { f(data) }

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

func TestOutputArrivesBeforeTheExit(t *testing.T) {
	t.Parallel()
	f := spawnChild(t, nil, "say", "last words", "cry", "last error", "exit", "1")
	f.awaitExit(t)
	if f.out.String() != "last words\n" || f.err.String() != "last error\n" {
		t.Errorf("got %q and %q", f.out, f.err)
	}
}

func TestLargeOutputArrivesBeforeTheExit(t *testing.T) {
	t.Parallel()
	const size = 3 << 20
	f := spawnChild(t, nil, "spew", fmt.Sprint(size))
	f.awaitExit(t)
	if got := len(f.out.String()); got != size {
		t.Errorf("got %d bytes, want %d", got, size)
	}
}

func TestGrandchildThatHoldsThePipeIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	f := spawnChild(t, nil, "say", "mine", "heir", "wait", "--")
	defer syscall.Kill(-f.Pid(), syscall.SIGKILL)
	f.awaitExit(t)
	if f.out.String() != "mine\n" {
		t.Errorf("got %q", f.out)
	}
}

// Not parallel: it counts goroutines.
func TestIdleChildTakesNoGoroutine(t *testing.T) {
	spawnChild(t, nil, "say", "ready").awaitExit(t) // what there is once there has been a child
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

// Lines that come one upon the other are left to gather.
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
	f := spawnChild(t, func(s *spawn.Spec) { s.Stderr = nil }, "say", "one", "cry", "two", "say", "three")
	f.awaitExit(t)
	if f.out.String() != "one\ntwo\nthree\n" {
		t.Errorf("got %q", f.out)
	}
}

func TestChildAttributes(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		change func(*spawn.Spec)
		args   []string
		want   string
	}{
		{"directory", func(s *spawn.Spec) { s.Dir = dir }, []string{"cwd"}, dir},
		{"umask", func(s *spawn.Spec) { s.Umask = 0o127 }, []string{"umask"}, "127"},
		{"another umask", func(s *spawn.Spec) { s.Umask = 0 }, []string{"umask"}, "000"},
		{"environment", func(s *spawn.Spec) { s.Env = []string{"A=b c"} }, []string{"env", "A"}, "b c"},
		{"own group", nil, []string{"group"}, "true"},
		{"no descriptors", nil, []string{"fds"}, "[]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := spawnChild(t, tt.change, tt.args...)
			f.awaitExit(t)
			if got := strings.TrimSpace(f.out.String()); got != tt.want {
				t.Errorf("got %q, want %q; stderr %q", got, tt.want, f.err)
			}
		})
	}
}

func TestUmaskOfOtherChildrenUnchanged(t *testing.T) {
	t.Parallel()
	before := spawnChild(t, nil, "umask")
	before.awaitExit(t)
	spawnChild(t, func(s *spawn.Spec) { s.Umask = 0o111 }, "umask").awaitExit(t)
	after := spawnChild(t, nil, "umask")
	after.awaitExit(t)
	if before.out.String() != after.out.String() {
		t.Errorf("umask was %q, is %q", before.out, after.out)
	}
}

func TestSpawnAsAnotherUser(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root becomes another user")
	}
	binary := readableBinary(t)
	f := spawnChild(t, func(s *spawn.Spec) {
		s.Path = binary
		s.Become = &accounts.Credentials{UID: 65534, GID: 65533, Groups: []int{65533, 7}}
	}, "ids")
	f.awaitExit(t)
	if got := strings.TrimSpace(f.out.String()); got != "65534 65533 [7 65533]" && got != "65534 65533 [65533 7]" {
		t.Errorf("got %q; stderr %q", got, f.err)
	}
}

// readableBinary is a copy of the test binary that other users may execute.
func readableBinary(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "spawn")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(testkit.Command()[0])
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "child")
	if err := os.WriteFile(path, data, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestExecutorReportsFailedStep(t *testing.T) {
	t.Parallel()
	plainFile := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plainFile, []byte("neither script nor binary"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		change func(*spawn.Spec)
		want   string
	}{
		{"no directory", func(s *spawn.Spec) { s.Dir = "/no/such/dir" }, "supervisor: couldn't chdir to /no/such/dir: ENOENT\n"},
		{"no program", func(s *spawn.Spec) { s.Path, s.Args = "/no/such/program", []string{"prog", "x"} }, "supervisor: couldn't exec prog: ENOENT\n"},
		{"no format", func(s *spawn.Spec) { s.Path, s.Args = plainFile, []string{plainFile} }, "supervisor: couldn't exec " + plainFile + ": ENOEXEC\n"},
		{"no user", func(s *spawn.Spec) { s.Become = &accounts.Credentials{UID: 4321, Refusal: "Can't find uid 4321"} }, "supervisor: couldn't setuid to 4321: Can't find uid 4321\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := spawnChild(t, tt.change, "exit", "0")
			e := f.awaitExit(t)
			if e.Code != 127 {
				t.Errorf("got %v, want exit status 127", e)
			}
			if want := tt.want + "supervisor: child process was not spawned\n"; f.err.String() != want {
				t.Errorf("got %q, want %q", f.err, want)
			}
		})
	}
}

func TestStdinIsDeliveredAndQueued(t *testing.T) {
	t.Parallel()
	f := spawnChild(t, nil, "echo")
	data := bytes.Repeat([]byte("0123456789abcdef"), 40_000) // more than a pipe holds
	for part := range 4 {
		n := len(data) / 4
		if err := f.Write(data[part*n : (part+1)*n]); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Write([]byte("the end\n")); err != nil {
		t.Fatal(err)
	}
	f.out.await(t, "the end\n")
	if got := len(f.out.String()); got != len(data)+8 {
		t.Errorf("got %d bytes, want %d", got, len(data)+8)
	}
	f.Signal(syscall.SIGKILL, false)
	f.awaitExit(t)
}

func TestStdinThatNobodyReads(t *testing.T) {
	t.Parallel()
	f := spawnChild(t, nil, "close", "0", "say", "closed", "wait")
	f.out.await(t, "closed")
	if err := f.Write([]byte("x")); err != syscall.EPIPE {
		t.Errorf("got %v, want EPIPE", err)
	}
	f.Signal(syscall.SIGKILL, false)
	f.awaitExit(t)
	if err := f.Write([]byte("x")); err != syscall.EPIPE {
		t.Errorf("after its end: got %v, want EPIPE", err)
	}
}

func TestStdinQueueIsBounded(t *testing.T) {
	t.Parallel()
	f := spawnChild(t, nil, "wait")
	err := f.Write(make([]byte, 32<<20))
	if err != syscall.ENOBUFS {
		t.Errorf("got %v, want ENOBUFS", err)
	}
	f.Signal(syscall.SIGKILL, false)
	f.awaitExit(t)
}

func TestSignalsReachTheGroup(t *testing.T) {
	t.Parallel()
	f := spawnChild(t, nil, "heir", "say", "heir up", "wait", "--", "wait")
	f.out.await(t, "heir up")
	if err := f.Signal(syscall.SIGKILL, true); err != nil {
		t.Fatal(err)
	}
	f.awaitExit(t)
	// The heir holds the other end of the pipe; only its death closes the group.
	limit := time.Now().Add(testkit.Timeout)
	for syscall.Kill(-f.Pid(), 0) == nil {
		if time.Now().After(limit) {
			t.Fatal("the group lives on")
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

func TestSignalNames(t *testing.T) {
	t.Parallel()
	for sig, want := range map[syscall.Signal]string{
		1: "SIGHUP", 6: "SIGABRT", 9: "SIGKILL", 15: "SIGTERM", 0: "signal 0", 99: "signal 99",
	} {
		if got := signals.Name(sig); got != want {
			t.Errorf("%d: got %q, want %q", int(sig), got, want)
		}
	}
	if runtime.GOOS != "linux" {
		return
	}
	for sig, want := range map[syscall.Signal]string{17: "SIGCHLD", 29: "SIGPOLL", 34: "SIGRTMIN", 64: "SIGRTMAX", 40: "signal 40"} {
		if got := signals.Name(sig); got != want {
			t.Errorf("%d: got %q, want %q", int(sig), got, want)
		}
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

// await is for what other processes do.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for limit := time.Now().Add(testkit.Timeout); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}
