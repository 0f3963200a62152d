package process

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/signals"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/events"
	"supervisor/supervisord/process/hook"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/tools/testkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// defaultConf is a program with Supervisor's defaults.
func defaultConf() *config.Process {
	return &config.Process{
		Name: "p", Group: "g", Program: "p", Command: "/bin/p", Umask: -1,
		Autostart: true, Autorestart: config.RestartUnexpected, StartSecs: 1, StartRetries: 3,
		ExitCodes: []int{0}, StopSignal: syscall.SIGTERM, StopWaitSecs: 10,
	}
}

// testProcess is a process with fakes around it, in a bubble of virtual time.
type testProcess struct {
	*Process
	log     testkit.Log
	events  []string
	spawned []time.Duration // when children were spawned, since the beginning
	started time.Time

	spawnErr  error            // of the next spawns
	hookErr   error            // of the next hooks
	failUntil time.Duration    // since the beginning: when spawns stop failing; 0 for never
	failOnce  bool             // only the next spawn fails
	child     *fakeChild       // the last one
	onSpawn   func(*fakeChild) // called for each child

	hookChild *fakeChild // the last hook
	hookRuns  []string   // which hooks ran, and when
	onHook    func(what string, c *fakeChild)
}

// fakeChild exits on signals unless it ignores them.
type fakeChild struct {
	pid   int
	exits chan spawn.Exit

	mu        sync.Mutex // the test changes the fields below while the child runs
	ignore    []syscall.Signal
	signalErr error // what the kernel answers to a signal
	got       []string
	stdin     strings.Builder
	stdinErr  error
}

func (c *fakeChild) Pid() int                        { return c.pid }
func (c *fakeChild) Identity() spawn.ProcessIdentity { return spawn.ProcessIdentity{} }
func (c *fakeChild) HandOver() (spawn.ChildState, [3]int, error) {
	return spawn.ChildState{}, [3]int{-1, -1, -1}, nil
}
func (c *fakeChild) DaemonisedPID() int        { return 0 }
func (c *fakeChild) Exited() <-chan spawn.Exit { return c.exits }

func (c *fakeChild) Write(data []byte) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stdin.Write(data)
	return c.stdinErr
}

func (c *fakeChild) Signal(sig syscall.Signal, group bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.signalErr != nil {
		return c.signalErr
	}
	c.got = append(c.got, fmt.Sprintf("%s %v", signals.Name(sig), group))
	if !slices.Contains(c.ignore, sig) {
		c.end(spawn.Exit{Code: -1, Signal: sig})
	}
	return nil
}

func (c *fakeChild) end(e spawn.Exit) {
	select {
	case c.exits <- e:
	default: // it has exited already
	}
}

// update changes what the child does from now on.
func (c *fakeChild) update(change func(*fakeChild)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(c)
}

func (c *fakeChild) exit(code int) { c.end(spawn.Exit{Code: code}) }

// Spawn implements Spawner.
func (tp *testProcess) Spawn(s *spawn.Spec) (spawn.Child, error) {
	if what := variable(s.Env, hook.Var); what != "" {
		if tp.hookErr != nil && tp.isFailing() {
			return nil, tp.hookErr
		}
		return tp.startFakeHook(what), nil
	}
	tp.spawned = append(tp.spawned, time.Since(tp.started))
	if err := tp.spawnErr; err != nil && tp.isFailing() {
		if tp.failOnce {
			tp.spawnErr = nil
		}
		return nil, err
	}
	tp.child = &fakeChild{pid: 100 + len(tp.spawned), exits: make(chan spawn.Exit, 1)}
	if tp.onSpawn != nil {
		tp.onSpawn(tp.child)
	}
	return tp.child, nil
}

// variable returns the value of a variable, "" if it is not set.
func variable(environ []string, name string) string {
	for _, kv := range environ {
		if value, ok := strings.CutPrefix(kv, name+"="); ok {
			return value
		}
	}
	return ""
}

func (tp *testProcess) isFailing() bool {
	return tp.failUntil == 0 || time.Since(tp.started) < tp.failUntil
}

func (tp *testProcess) startFakeHook(what string) *fakeChild {
	tp.hookRuns = append(tp.hookRuns, fmt.Sprintf("%s %s", what, time.Since(tp.started)))
	c := &fakeChild{pid: 1000 + len(tp.hookRuns), exits: make(chan spawn.Exit, 1)}
	tp.hookChild = c
	if tp.onHook != nil {
		tp.onHook(what, c)
	}
	return c
}

// Adopt implements Spawner. It finds the child that the test has put there.
func (tp *testProcess) Adopt(o *spawn.Orphan, _ *spawn.Spec) (spawn.Child, error) {
	if tp.child == nil || tp.child.pid != o.PID {
		return nil, &spawn.GoneError{Exit: spawn.Exit{Code: -1}}
	}
	return tp.child, nil
}

// withProcess runs a test in a bubble with a process of defaultConf, changed by change.
func withProcess(t *testing.T, change func(*config.Process), test func(*testing.T, *testProcess)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conf := defaultConf()
		conf.Command = os.Args[0] // something that exists and can be executed
		if change != nil {
			change(conf)
		}
		tp := &testProcess{started: time.Now()}
		tp.log.Level = slog.LevelInfo
		bus := &events.Bus{}
		bus.Subscribe([]events.Type{events.ProcessState}, func(e events.Event) {
			tp.events = append(tp.events, strings.TrimPrefix(string(e.Type), "PROCESS_STATE_"))
		})
		tp.Process = New(Options{Config: conf, Spawner: tp, Events: bus, Log: tp.log.Logger()})
		ctx, cancel := context.WithCancel(t.Context())
		var run sync.WaitGroup
		run.Go(func() { tp.Run(ctx) })
		test(t, tp)
		cancel()
		run.Wait()
	})
}

func (tp *testProcess) start(t *testing.T) {
	t.Helper()
	if err := tp.Start("p", true).Wait(t.Context()); err != nil {
		t.Fatalf("start: %v", err)
	}
}

// sleep lets virtual time pass, and waits until all goroutines are blocked.
func sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (tp *testProcess) expectState(t *testing.T, want states.Process) {
	t.Helper()
	synctest.Wait()
	if got := tp.Status().State; got != want {
		t.Fatalf("state %s, want %s", got, want)
	}
}

// sameFault reports whether an error is this fault.
func sameFault(err error, want *faults.Error) bool {
	var f *faults.Error
	return errors.As(err, &f) && *f == *want
}

// hasCode reports whether an error is a fault of this code.
func hasCode(err error, code faults.Code) bool {
	var f *faults.Error
	return errors.As(err, &f) && f.Code == code
}
