package spawn_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"supervisor/supervisord/spawn"
	"supervisor/supervisord/system/daemon"
	"supervisor/supervisord/tools/testkit"
)

// A process has only one reaper, so the tests share a spawner.
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

// sink collects the output of a child and lets a test wait for it.
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

// testChild is a child with its two outputs.
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
		t.Fatalf("child %d does not exit", f.Pid())
		return spawn.Exit{}
	}
}

type sinkFunc func([]byte)

func (f sinkFunc) Write(data []byte) { f(data) }

// await polls until ok, for what other processes do.
func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for limit := time.Now().Add(testkit.Timeout); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("timeout: %s", what)
		}
	}
}
