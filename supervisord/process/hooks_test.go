package process

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/events"
	"supervisor/supervisord/process/machine"
	"supervisor/supervisord/spawn"
)

// withHooks has the given hooks run something that the world answers for.
func withHooks(list ...Hook) func(*config.Process) {
	return func(c *config.Process) {
		c.Hooks.Timeout = 30 * time.Second
		for _, h := range list {
			*[...]*string{nil, &c.Hooks.PreStart, &c.Hooks.PostStart, &c.Hooks.PreStop, &c.Hooks.PostStop}[h] = os.Args[0]
		}
	}
}

// exitAfter is what a command does that ends well after a while.
func exitAfter(d time.Duration) func(string, *fakeChild) {
	return func(_ string, c *fakeChild) { time.AfterFunc(d, func() { c.exit(0) }) }
}

func TestHooksRunInOrder(t *testing.T) {
	withProcess(t, withHooks(PreStart, PostStart, PreStop, PostStop), func(t *testing.T, w *testProcess) {
		w.onHelper = exitAfter(2 * time.Second)
		w.start(t)
		if took := time.Since(w.started); took != 3*time.Second || len(w.spawned) != 1 || w.spawned[0] != 2*time.Second {
			t.Errorf("started after %s, born at %v", took, w.spawned)
		}
		sleep(10 * time.Second)
		if err := w.Stop("p", true).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := []string{"pre_start 0s", "post_start 3s", "pre_stop 13s", "post_stop 15s"}
		if diff := cmp.Diff(want, w.helperRuns); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if took := time.Since(w.started); took != 17*time.Second {
			t.Errorf("stopped after %s", took)
		}
		w.expectState(t, states.Stopped)
		if diff := cmp.Diff([]string{"STARTING", "RUNNING", "STOPPING", "STOPPED"}, w.events); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestFailedPreStartFailsStart(t *testing.T) {
	withProcess(t, withHooks(PreStart), func(t *testing.T, w *testProcess) {
		w.onHelper = func(_ string, c *fakeChild) { c.exit(2) }
		if err := w.Start("p", true).Wait(t.Context()); !sameFault(err, faults.New(faults.SpawnError, "p")) {
			t.Errorf("got %v", err)
		}
		if got := w.Status().SpawnErr; got != "pre_start exited with status 2" {
			t.Errorf("spawnerr %q", got)
		}
		sleep(time.Minute)
		w.expectState(t, states.Fatal)
		if len(w.spawned) != 0 || len(w.helperRuns) != 4 {
			t.Errorf("born at %v, prepared at %v", w.spawned, w.helperRuns)
		}
	})
}

func TestHookNotFound(t *testing.T) {
	withProcess(t, func(c *config.Process) {
		c.Hooks = config.Hooks{PreStart: "/does/not/exist --now", Timeout: time.Second}
	}, func(t *testing.T, w *testProcess) {
		_ = w.Start("p", true).Wait(t.Context())
		if got := w.Status().SpawnErr; got != "pre_start: can't find command '/does/not/exist'" {
			t.Errorf("spawnerr %q", got)
		}
	})
}

func TestHookTimeout(t *testing.T) {
	for _, tt := range []struct {
		name   string
		ignore []syscall.Signal
		took   time.Duration
	}{
		{"obeys", nil, 30 * time.Second},
		{"deaf", []syscall.Signal{syscall.SIGTERM}, 31 * time.Second},
		{"undead", []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL}, 32 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			withProcess(t, withHooks(PreStart), func(t *testing.T, w *testProcess) {
				w.onHelper = func(_ string, c *fakeChild) { c.ignore = tt.ignore }
				_ = w.Start("p", true).Wait(t.Context())
				if got := w.Status().SpawnErr; got != "pre_start timed out after 30s" {
					t.Errorf("spawnerr %q", got)
				}
				if took := time.Since(w.started); took != tt.took {
					t.Errorf("after %s", took)
				}
			})
		})
	}
}

func TestStopDuringPreStart(t *testing.T) {
	withProcess(t, withHooks(PreStart), func(t *testing.T, w *testProcess) {
		a := w.Start("p", true)
		sleep(time.Second)
		w.expectState(t, states.Starting)
		if err := w.Stop("p", true).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.expectState(t, states.Stopped)
		if err := a.Wait(t.Context()); !sameFault(err, faults.New(faults.AbnormalTermination, "p")) {
			t.Errorf("the start came to %v", err)
		}
		if diff := cmp.Diff([]string{"SIGTERM true"}, w.helper.got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		sleep(time.Hour)
		if len(w.spawned) != 0 {
			t.Errorf("born at %v", w.spawned)
		}
	})
}

func TestRestartWaitsForPostStop(t *testing.T) {
	withProcess(t, withHooks(PostStop), func(t *testing.T, w *testProcess) {
		w.onHelper = exitAfter(5 * time.Second)
		w.start(t)
		sleep(time.Minute)
		w.child.exit(1)
		sleep(4 * time.Second)
		w.expectState(t, states.Starting)
		if pid := w.Status().PID; pid != 0 {
			t.Errorf("born with pid %d", pid)
		}
		sleep(3 * time.Second)
		w.expectState(t, states.Running)
		if len(w.spawned) != 2 || w.spawned[1] != 66*time.Second {
			t.Errorf("born at %v", w.spawned)
		}
	})
}

// Whoever waits for a stop, and the daemon's end, waits for what comes after it.
func TestShutdownWaitsForPostStop(t *testing.T) {
	withProcess(t, func(c *config.Process) {
		withHooks(PostStop)(c)
		c.Autorestart = config.RestartNever
	}, func(t *testing.T, w *testProcess) {
		w.onHelper = exitAfter(5 * time.Second)
		w.start(t)
		w.child.exit(0)
		w.expectState(t, states.Exited)
		w.ForbidStarts()
		before := time.Now()
		if err := w.Shutdown().Wait(t.Context()); err != nil || time.Since(before) != 5*time.Second {
			t.Errorf("%v after %s", err, time.Since(before))
		}
	})
}

func TestHookEndsWithRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conf := defaultConf()
		conf.Command = os.Args[0]
		withHooks(PreStart)(conf)
		w := &testProcess{started: time.Now()}
		w.onHelper = func(_ string, c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGKILL} }
		w.Process = New(Options{Config: conf, Spawner: w, Events: &events.Bus{}, Log: w.log.Logger()})
		ctx, cancel := context.WithCancel(t.Context())
		go w.Run(ctx)
		w.Start("p", false)
		cancel()
		synctest.Wait()
		if !w.IsOver() {
			t.Error("Run has not ended")
		}
		if diff := cmp.Diff([]string{"SIGKILL true"}, w.helper.got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if s := w.Status(); s.State != states.Starting || s.Hook != PreStart {
			t.Errorf("what is left is %+v", s)
		}
	})
}

func TestHookEnvironment(t *testing.T) {
	t.Parallel()
	conf := defaultConf()
	conf.Command = os.Args[0]
	conf.Environment = config.Environment{{Name: "A", Value: "b"}}
	var specs []*spawn.Spec
	p := New(Options{Config: conf, Log: slog.New(slog.DiscardHandler), Spawner: spawnerFunc(func(s *spawn.Spec) (spawn.Child, error) {
		specs = append(specs, s)
		return nil, syscall.EAGAIN
	})})
	withHooks(PostStop)(conf)
	in, done := p.runHook(machine.RunHook{Hook: PostStop, Exit: spawn.Exit{Code: -1, Signal: syscall.SIGKILL}})
	if !done || in.Text != "post_stop: Too many processes in process table to spawn 'p'" {
		t.Errorf("got %+v", in)
	}
	got := strings.Join(specs[0].Env, "\n")
	want := "SUPERVISOR_ENABLED=1\nSUPERVISOR_PROCESS_NAME=p\nSUPERVISOR_GROUP_NAME=g\nA=b\n" +
		"SUPERVISOR_HOOK=post_stop\nSUPERVISOR_EXIT_STATUS=-1\nSUPERVISOR_EXIT_SIGNAL=SIGKILL"
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

type spawnerFunc func(*spawn.Spec) (spawn.Child, error)

func (f spawnerFunc) Spawn(s *spawn.Spec) (spawn.Child, error)              { return f(s) }
func (f spawnerFunc) Adopt(*spawn.Orphan, *spawn.Spec) (spawn.Child, error) { panic("nobody to adopt") }

// TestStartsecsBeginAfterPostStop: the time in which post_stop of the last child
// held up a birth is none that the next one has lived for.
func TestStartsecsBeginAfterPostStop(t *testing.T) {
	change := func(c *config.Process) {
		c.StartSecs, c.Hooks = 5, config.Hooks{PostStop: os.Args[0], Timeout: time.Minute}
	}
	withProcess(t, change, func(t *testing.T, w *testProcess) {
		w.onHelper = func(_ string, c *fakeChild) { time.AfterFunc(10*time.Second, func() { c.exit(0) }) }
		w.start(t)
		sleep(time.Minute)
		w.child.exit(1)
		sleep(11 * time.Second)
		w.expectState(t, states.Starting)
		w.child.exit(1)
		w.expectState(t, states.Backoff)
	})
}

// TestKillCancelsPostStop of a process that has no child any more: a shutdown waits
// for it.
func TestKillCancelsPostStop(t *testing.T) {
	for _, want := range []states.Process{states.Exited, states.Fatal, states.Stopped} {
		t.Run(want.String(), func(t *testing.T) {
			change := func(c *config.Process) {
				c.Autorestart, c.StartRetries = config.RestartNever, 0
				c.Hooks = config.Hooks{PostStop: os.Args[0], Timeout: config.Forever}
				if want == states.Stopped {
					c.StartRetries = 3
				}
			}
			withProcess(t, change, func(t *testing.T, w *testProcess) {
				w.Start("p", false)
				if want == states.Exited {
					sleep(time.Minute)
				}
				w.child.exit(1)
				synctest.Wait()
				w.ForbidStarts()
				if want == states.Stopped {
					w.Kill("x", "p", false)
				}
				gone := w.Shutdown()
				sleep(time.Hour / 2)
				w.Kill("the end of the time for the shutdown", "p", false)
				started := time.Now()
				if err := gone.Wait(t.Context()); err != nil || time.Since(started) > 3*time.Second {
					t.Errorf("%v after %s", err, time.Since(started))
				}
				w.expectState(t, want)
			})
		})
	}
}
