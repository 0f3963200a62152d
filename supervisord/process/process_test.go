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

	"github.com/google/go-cmp/cmp"
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

// testProcess is a process among fakes, in a bubble of virtual time.
type testProcess struct {
	*Process
	log     testkit.Log
	events  []string
	spawned []time.Duration // since the beginning
	started time.Time

	spawnErr  error            // of the next births
	helperErr error            // of the next commands beside the child
	failUntil time.Duration    // since the beginning, when births and commands fail no more; 0 for never
	failOnce  bool             // of the next birth only
	child     *fakeChild       // the last one
	onSpawn   func(*fakeChild) // what a newborn does

	helper     *fakeChild // the last command that was run beside the child
	helperRuns []string   // what all of them were for, and when
	onHelper   func(what string, c *fakeChild)
}

// fakeChild obeys signals as told.
type fakeChild struct {
	pid   int
	exits chan spawn.Exit

	mu        sync.Mutex // the test changes the child's mind while it runs
	ignore    []syscall.Signal
	signalErr error // the kernel's answer to a signal
	got       []string
	stdin     strings.Builder
	stdinErr  error
}

func (c *fakeChild) Pid() int                            { return c.pid }
func (c *fakeChild) Identity() spawn.ProcessIdentity     { return spawn.ProcessIdentity{} }
func (c *fakeChild) HandOver() (spawn.HandedOver, error) { return spawn.HandedOver{}, nil }
func (c *fakeChild) DaemonisedPID() int                  { return 0 }
func (c *fakeChild) Exited() <-chan spawn.Exit           { return c.exits }

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
	default: // it is dead already
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
func (w *testProcess) Spawn(s *spawn.Spec) (spawn.Child, error) {
	if what := variable(s.Env, hook.Var); what != "" {
		if w.helperErr != nil && w.isFailing() {
			return nil, w.helperErr
		}
		return w.startHelper(what), nil
	}
	w.spawned = append(w.spawned, time.Since(w.started))
	if err := w.spawnErr; err != nil && w.isFailing() {
		if w.failOnce {
			w.spawnErr = nil
		}
		return nil, err
	}
	w.child = &fakeChild{pid: 100 + len(w.spawned), exits: make(chan spawn.Exit, 1)}
	if w.onSpawn != nil {
		w.onSpawn(w.child)
	}
	return w.child, nil
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

func (w *testProcess) isFailing() bool {
	return w.failUntil == 0 || time.Since(w.started) < w.failUntil
}

func (w *testProcess) startHelper(what string) *fakeChild {
	w.helperRuns = append(w.helperRuns, fmt.Sprintf("%s %s", what, time.Since(w.started)))
	c := &fakeChild{pid: 1000 + len(w.helperRuns), exits: make(chan spawn.Exit, 1)}
	w.helper = c
	if w.onHelper != nil {
		w.onHelper(what, c)
	}
	return c
}

// Adopt implements Spawner: there is nobody to adopt unless the test has put a
// child there.
func (w *testProcess) Adopt(o *spawn.Orphan, _ *spawn.Spec) (spawn.Child, error) {
	if w.child == nil || w.child.pid != o.PID {
		return nil, &spawn.GoneError{Exit: spawn.Exit{Code: -1}}
	}
	return w.child, nil
}

// withProcess runs a test in a bubble with a process made of the configuration.
func withProcess(t *testing.T, change func(*config.Process), test func(*testing.T, *testProcess)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conf := defaultConf()
		conf.Command = os.Args[0] // something that exists and can be executed
		if change != nil {
			change(conf)
		}
		w := &testProcess{started: time.Now()}
		w.log.Level = slog.LevelInfo
		bus := &events.Bus{}
		bus.Subscribe([]events.Type{events.ProcessState}, func(e events.Event) {
			w.events = append(w.events, strings.TrimPrefix(string(e.Type), "PROCESS_STATE_"))
		})
		w.Process = New(Options{Config: conf, Spawner: w, Events: bus, Log: w.log.Logger()})
		ctx, cancel := context.WithCancel(t.Context())
		var run sync.WaitGroup
		run.Go(func() { w.Run(ctx) })
		test(t, w)
		cancel()
		run.Wait()
	})
}

func (w *testProcess) start(t *testing.T) {
	t.Helper()
	if err := w.Start("p", true).Wait(t.Context()); err != nil {
		t.Fatalf("start: %v", err)
	}
}

// sleep lets virtual time pass and everybody come to rest.
func sleep(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (w *testProcess) expectState(t *testing.T, want states.Process) {
	t.Helper()
	synctest.Wait()
	if got := w.Status().State; got != want {
		t.Fatalf("state %s, want %s", got, want)
	}
}

func TestStartWaitsForStartsecs(t *testing.T) {
	withProcess(t, func(c *config.Process) { c.StartSecs = 7 }, func(t *testing.T, w *testProcess) {
		w.start(t)
		if took := time.Since(w.started); took != 7*time.Second {
			t.Errorf("took %s", took)
		}
		w.expectState(t, states.Running)
		if w.Status().PID != w.child.pid {
			t.Errorf("pid %d", w.Status().PID)
		}
	})
}

func TestStartWithoutWaiting(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, w *testProcess) {
		a := w.Start("p", false)
		if !a.Done() || a.Wait(t.Context()) != nil {
			t.Errorf("got %v", a)
		}
		w.expectState(t, states.Starting)
	})
}

func TestRetriesGrowThenGiveUp(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, w *testProcess) {
		w.onSpawn = func(c *fakeChild) { c.exit(1) }
		err := w.Start("p", true).Wait(t.Context())
		if want := faults.New(faults.SpawnError, "p"); !sameFault(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
		sleep(time.Minute)
		w.expectState(t, states.Fatal)
		want := []time.Duration{0, time.Second, 3 * time.Second, 6 * time.Second}
		if diff := cmp.Diff(want, w.spawned); diff != "" {
			t.Errorf("births (-want +got):\n%s", diff)
		}
		if w.Status().SpawnErr != "Exited too quickly (process log may have details)" {
			t.Errorf("spawnerr %q", w.Status().SpawnErr)
		}
	})
}

func TestStateEvents(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, w *testProcess) {
		w.start(t)
		w.child.exit(3)
		w.expectState(t, states.Starting) // it had lived for a breath
		sleep(2 * time.Second)
		w.expectState(t, states.Running)
		if err := w.Stop("p", true).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := []string{"STARTING", "RUNNING", "EXITED", "STARTING", "RUNNING", "STOPPING", "STOPPED"}
		if diff := cmp.Diff(want, w.events); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestRestartAfterLongRunIsImmediate(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, w *testProcess) {
		w.start(t)
		sleep(time.Hour)
		w.child.exit(1)
		synctest.Wait()
		if len(w.spawned) != 2 || w.spawned[1] != time.Hour+time.Second {
			t.Errorf("births at %v", w.spawned)
		}
	})
}

func TestRestartsAtMostOncePerSecond(t *testing.T) {
	withProcess(t, func(c *config.Process) { c.StartSecs, c.Autorestart = 0, config.RestartAlways }, func(t *testing.T, w *testProcess) {
		w.onSpawn = func(c *fakeChild) { c.exit(0) }
		w.start(t)
		sleep(9500 * time.Millisecond)
		if len(w.spawned) != 10 {
			t.Errorf("%d births: %v", len(w.spawned), w.spawned)
		}
	})
}

func TestKillIsRepeated(t *testing.T) {
	withProcess(t, func(c *config.Process) { c.StopWaitSecs = 2 }, func(t *testing.T, w *testProcess) {
		w.onSpawn = func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} }
		w.start(t)
		a := w.Stop("p", true)
		sleep(5 * time.Second)
		w.expectState(t, states.Stopping)
		if a.Done() {
			t.Error("stop has been answered")
		}
		w.child.update(func(c *fakeChild) { c.ignore = nil })
		if err := a.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		want := []string{"SIGTERM false", "SIGKILL false", "SIGKILL false", "SIGKILL false"}
		if diff := cmp.Diff(want, w.child.got); diff != "" {
			t.Errorf("signals (-want +got):\n%s", diff)
		}
	})
}

func TestKillIntervalWithoutStopwaitsecs(t *testing.T) {
	withProcess(t, func(c *config.Process) { c.StopWaitSecs = 0 }, func(t *testing.T, w *testProcess) {
		w.onSpawn = func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} }
		w.start(t)
		w.Stop("p", false)
		sleep(1500 * time.Millisecond)
		want := []string{"SIGTERM false", "SIGKILL false", "SIGKILL false"}
		w.child.update(func(c *fakeChild) {
			if diff := cmp.Diff(want, c.got); diff != "" {
				t.Errorf("signals (-want +got):\n%s", diff)
			}
		})
	})
}

func TestLongStopIsReportedEveryTwoSeconds(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, w *testProcess) {
		w.onSpawn = func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGTERM} }
		w.start(t)
		a := w.Stop("p", true)
		sleep(5 * time.Second)
		got := slices.DeleteFunc(w.log.Lines(), func(l string) bool { return l != "waiting for p to stop" })
		if len(got) != 3 {
			t.Errorf("%d lines in five seconds", len(got))
		}
		w.child.exit(0)
		a.Wait(t.Context())
		sleep(10 * time.Second)
		if n := strings.Count(w.log.String(), "waiting for"); n != 3 {
			t.Errorf("%d lines after the stop", n)
		}
	})
}

func TestStartWhileStoppingIsGranted(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, w *testProcess) {
		w.onSpawn = func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGTERM} }
		w.start(t)
		old := w.child
		w.Stop("p", false)
		a := w.Start("p", true)
		if a.Done() {
			t.Fatal("start has been answered")
		}
		old.exit(0)
		if err := a.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if w.child == old {
			t.Error("no new child")
		}
		w.expectState(t, states.Running)
	})
}

// Whoever waits for a stop is told of it even if somebody else has the process
// started anew at that moment.
func TestStopIsAnsweredBeforeTheNextStart(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, w *testProcess) {
		w.onSpawn = func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGTERM} }
		w.start(t)
		stopped := w.Stop("p", true)
		w.Start("p", false)
		w.child.exit(0)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := stopped.Wait(ctx); err != nil {
			t.Errorf("the stop came to %v", err)
		}
		w.expectState(t, states.Starting)
	})
}

func TestStartWhileStoppingSurvivesForbidStarts(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, w *testProcess) {
		w.onSpawn = func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGTERM} }
		w.start(t)
		w.Stop("p", false)
		w.Start("p", false)
		w.ForbidStarts()
		w.AllowStarts()
		w.child.exit(0)
		w.expectState(t, states.Starting)
	})
}

// TestStartWhileStoppingWaitsForAllowStarts: who has been promised a start gets it
// when births are allowed again, or never if somebody asks for a stop before.
func TestStartWhileStoppingWaitsForAllowStarts(t *testing.T) {
	for name, want := range map[string]states.Process{"start": states.Starting, "stop": states.Stopped} {
		t.Run(name, func(t *testing.T) {
			withProcess(t, nil, func(t *testing.T, w *testProcess) {
				w.onSpawn = func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGTERM} }
				w.start(t)
				w.Stop("p", false)
				w.Start("p", false)
				w.ForbidStarts()
				w.child.exit(0)
				w.expectState(t, states.Stopped)
				if want == states.Stopped {
					w.Stop("p", false)
				}
				w.AllowStarts()
				w.expectState(t, want)
			})
		})
	}
}

func TestFaults(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, w *testProcess) {
		for _, tt := range []struct {
			what string
			err  error
			want *faults.Error
		}{
			{"stop of a stopped one", w.Stop("x:p", true).Wait(t.Context()), faults.New(faults.NotRunning, "x:p")},
			{"signal to a stopped one", w.Signal("p", syscall.SIGHUP), faults.New(faults.NotRunning, "p")},
			{"stdin of a stopped one", w.WriteStdin("p", nil), faults.New(faults.NotRunning, "p")},
		} {
			if !sameFault(tt.err, tt.want) {
				t.Errorf("%s: got %v, want %v", tt.what, tt.err, tt.want)
			}
		}
		w.start(t)
		if err := w.Start("p", true).Wait(t.Context()); !sameFault(err, faults.New(faults.AlreadyStarted, "p")) {
			t.Errorf("second start: %v", err)
		}
		w.child.update(func(c *fakeChild) { c.stdinErr = syscall.EPIPE })
		if err := w.WriteStdin("p", []byte("x")); !sameFault(err, faults.New(faults.NoFile, "p")) {
			t.Errorf("closed stdin: %v", err)
		}
	})
}

func TestSpawnFailures(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
		then states.Process
	}{
		{syscall.EAGAIN, "Too many processes in process table to spawn 'p'", states.Fatal},
		{syscall.ENOMEM, "unknown error during fork for 'p': ENOMEM", states.Fatal},
		{&spawn.PipeError{Err: syscall.EMFILE}, "too many open files to spawn 'p'", states.Backoff},
		{&spawn.PipeError{Err: syscall.ENFILE}, "unknown error making dispatchers for 'p': ENFILE", states.Backoff},
	} {
		t.Run(tt.want, func(t *testing.T) {
			withProcess(t, func(c *config.Process) { c.StartRetries = 0 }, func(t *testing.T, w *testProcess) {
				w.spawnErr = tt.err
				if err := w.Start("p", false).Wait(t.Context()); !sameFault(err, faults.New(faults.SpawnError, "p")) {
					t.Errorf("got %v", err)
				}
				w.expectState(t, tt.then)
				if got := w.Status().SpawnErr; got != tt.want {
					t.Errorf("spawnerr %q", got)
				}
			})
		})
	}
}

// TestSpawnRetriedAfterShortage: a process is born as soon as there is again what was
// wanting, without anybody's help.
func TestSpawnRetriedAfterShortage(t *testing.T) {
	for _, err := range []error{syscall.EAGAIN, syscall.ENOMEM, &spawn.PipeError{Err: syscall.EMFILE}, &spawn.PipeError{Err: syscall.ENFILE}} {
		t.Run(err.Error(), func(t *testing.T) {
			withProcess(t, nil, func(t *testing.T, w *testProcess) {
				w.spawnErr, w.failOnce = err, true
				_ = w.Start("p", false).Wait(t.Context())
				w.expectState(t, states.Backoff)
				time.Sleep(3 * time.Second)
				w.expectState(t, states.Running)
			})
		})
	}
}

// TestFDShortageIsRetriedForever: a process is never given up because the daemon, or
// the system, has no descriptors for it, whatever limits its attempts.
func TestFDShortageIsRetriedForever(t *testing.T) {
	for _, err := range []error{&spawn.PipeError{Err: syscall.EMFILE}, &spawn.PipeError{Err: syscall.ENFILE}, syscall.EMFILE} {
		for _, where := range []string{"child", "pre_start"} {
			t.Run(where+" "+err.Error(), func(t *testing.T) {
				withProcess(t, func(c *config.Process) {
					c.StartRetries, c.Restart.Limit, c.Restart.Window = 0, 1, 24*time.Hour
					if where == "pre_start" {
						c.Hooks = config.Hooks{PreStart: "sh", Timeout: config.Forever}
					}
				}, func(t *testing.T, w *testProcess) {
					w.onHelper = func(_ string, c *fakeChild) { c.exit(0) }
					w.failUntil = time.Hour
					if where == "pre_start" {
						w.helperErr = err
					} else {
						w.spawnErr = err
					}
					_ = w.Start("p", false).Wait(t.Context())
					time.Sleep(time.Hour - time.Millisecond)
					w.expectState(t, states.Backoff)
					if n := strings.Count(w.log.String(), "no descriptors left"); n != 1 {
						t.Errorf("told %d times", n)
					}
					time.Sleep(10 * time.Second)
					w.expectState(t, states.Running)
				})
			})
		}
	}
}

// TestSocketFDShortage: a FastCGI socket that can't be made because descriptors run
// short is no failure of the program either. Any other reason is one.
func TestSocketFDShortage(t *testing.T) {
	for err, want := range map[error]bool{syscall.EMFILE: true, syscall.EADDRINUSE: false} {
		got := newSocketError(&config.FastCGISocket{URL: "tcp://127.0.0.1:1", Family: "tcp"}, os.NewSyscallError("socket", err))
		if spawnFailure(got, "%s", got).FDShortage != want {
			t.Errorf("%v: %v", err, got)
		}
	}
}

func TestSignalRefusedByKernel(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, w *testProcess) {
		w.start(t)
		w.child.update(func(c *fakeChild) { c.signalErr = syscall.EPERM })
		err := w.Stop("p", true).Wait(t.Context())
		if want := faults.Failed; !hasCode(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
		w.expectState(t, states.Unknown)
		w.child.exit(0)
		w.expectState(t, states.Exited)
	})
}

func TestSignalToExitedChild(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, w *testProcess) {
		w.start(t)
		w.child.update(func(c *fakeChild) { c.signalErr = syscall.ESRCH })
		a := w.Stop("p", true)
		w.expectState(t, states.Stopping)
		w.child.exit(0)
		if err := a.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		w.expectState(t, states.Stopped)
	})
}

func TestForbidStarts(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, w *testProcess) {
		w.start(t)
		w.ForbidStarts()
		w.child.exit(1)
		sleep(time.Minute)
		w.expectState(t, states.Exited)
		if err := w.Start("p", true).Wait(t.Context()); !hasCode(err, faults.ShutdownState) {
			t.Errorf("start: %v", err)
		}
		w.AllowStarts()
		sleep(time.Minute)
		w.expectState(t, states.Running)
	})
}

func TestShutdownWaitsUntilStopped(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, w *testProcess) {
		if !w.Shutdown().Done() {
			t.Error("a stopped process keeps us waiting")
		}
		w.start(t)
		w.ForbidStarts()
		if err := w.Shutdown().Wait(t.Context()); err != nil {
			t.Error(err)
		}
		w.expectState(t, states.Stopped)
	})
}

// What a child is told ahead of its stop shows only with the stop.
func TestExitAfterEarlySignalIsReportedLater(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, w *testProcess) {
		w.start(t)
		w.ForbidStarts()
		before := len(w.log.Lines())
		w.SignalEarly()
		sleep(time.Minute)
		w.expectState(t, states.Running)
		if lines := w.log.Lines()[before:]; len(lines) > 0 {
			t.Errorf("logged %q", lines)
		}
		if !w.Status().SignaledEarly {
			t.Error("the status does not tell")
		}
		if err := w.Shutdown().Wait(t.Context()); err != nil {
			t.Error(err)
		}
		w.expectState(t, states.Stopped)
		want := []string{"stopped: p (terminated by SIGTERM)"}
		if diff := cmp.Diff(want, w.log.Lines()[before:]); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"SIGTERM false"}, w.child.got); diff != "" {
			t.Errorf("signals (-want +got):\n%s", diff)
		}
		if w.Status().SignaledEarly {
			t.Error("the status still tells")
		}
	})
}

func TestStopTimeoutCountsFromEarlySignal(t *testing.T) {
	for _, c := range []struct{ pause, want time.Duration }{
		{4 * time.Second, 10 * time.Second},
		{time.Minute, time.Minute + exitGrace}, // so that its end can be heard of
	} {
		t.Run(c.pause.String(), func(t *testing.T) {
			withProcess(t, nil, func(t *testing.T, w *testProcess) {
				w.onSpawn = func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGTERM} }
				w.start(t)
				w.ForbidStarts()
				started := time.Now()
				w.SignalEarly()
				sleep(c.pause)
				if err := w.Shutdown().Wait(t.Context()); err != nil {
					t.Error(err)
				}
				if took := time.Since(started); took != c.want {
					t.Errorf("took %s, want %s", took, c.want)
				}
				if diff := cmp.Diff([]string{"SIGTERM false", "SIGKILL false"}, w.child.got); diff != "" {
					t.Errorf("signals (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestKillAfterEarlySignal: that it has got its stop signal does not mean
// that it has got SIGKILL.
func TestKillAfterEarlySignal(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, w *testProcess) {
		w.onSpawn = func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGTERM} }
		w.start(t)
		w.ForbidStarts()
		w.SignalEarly()
		started := time.Now()
		if err := w.Kill("the shutdown", "p", true).Wait(t.Context()); err != nil {
			t.Error(err)
		}
		if took := time.Since(started); took != 0 {
			t.Errorf("took %s", took)
		}
		if diff := cmp.Diff([]string{"SIGTERM false", "SIGKILL false"}, w.child.got); diff != "" {
			t.Errorf("signals (-want +got):\n%s", diff)
		}
	})
}

func TestEarlySignalRefusedByKernel(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, w *testProcess) {
		w.start(t)
		w.child.update(func(c *fakeChild) { c.signalErr = syscall.EPERM })
		w.SignalEarly()
		if w.Status().SignaledEarly {
			t.Error("taken for done")
		}
		w.child.update(func(c *fakeChild) { c.signalErr = nil })
		if err := w.Shutdown().Wait(t.Context()); err != nil {
			t.Error(err)
		}
		w.expectState(t, states.Stopped)
	})
}

func TestEarlySignalWithoutChild(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, w *testProcess) {
		w.SignalEarly()
		if w.Status().SignaledEarly {
			t.Error("there is no child")
		}
		w.expectState(t, states.Stopped)
	})
}

func TestCancelledWaitKeepsRequest(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, w *testProcess) {
		ctx, cancel := context.WithCancel(t.Context())
		a := w.Start("p", true)
		cancel()
		if err := a.Wait(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		sleep(2 * time.Second)
		w.expectState(t, states.Running)
	})
}

func TestRequestAfterRunEnded(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, w *testProcess) {
		p := New(w.Options)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		p.Run(ctx)
		if err := p.Start("p", true).Wait(t.Context()); !hasCode(err, faults.BadName) {
			t.Errorf("got %v", err)
		}
	})
}

func sameFault(err error, want *faults.Error) bool {
	var f *faults.Error
	return errors.As(err, &f) && *f == *want
}

func hasCode(err error, code faults.Code) bool {
	var f *faults.Error
	return errors.As(err, &f) && f.Code == code
}
