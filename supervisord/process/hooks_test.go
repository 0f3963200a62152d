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
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/events"
	"supervisor/supervisord/process/machine"
	"supervisor/supervisord/spawn"
)

// withHooks configures hooks with a command that exists.
func withHooks(list ...Hook) func(*config.Process) {
	return func(c *config.Process) {
		c.Hooks.Timeout = 30 * time.Second
		for _, h := range list {
			*[...]*string{nil, &c.Hooks.PreStart, &c.Hooks.PostStart, &c.Hooks.PreStop, &c.Hooks.PostStop}[h] = os.Args[0]
		}
	}
}

// exitAfter is a hook that exits with status 0 after a while.
func exitAfter(d time.Duration) func(string, *fakeChild) {
	return func(_ string, c *fakeChild) { time.AfterFunc(d, func() { c.exit(0) }) }
}

func TestHooksRunInOrder(t *testing.T) {
	withProcess(t, withHooks(PreStart, PostStart, PreStop, PostStop), func(t *testing.T, tp *testProcess) {
		tp.onHook = exitAfter(2 * time.Second)
		tp.start(t)
		if took := time.Since(tp.started); took != 3*time.Second || len(tp.spawned) != 1 || tp.spawned[0] != 2*time.Second {
			t.Errorf("started after %s, spawned at %v", took, tp.spawned)
		}
		sleep(10 * time.Second)
		if err := tp.Stop("p", true).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := []string{"pre_start 0s", "post_start 3s", "pre_stop 13s", "post_stop 15s"}
		if diff := cmp.Diff(want, tp.hookRuns); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if took := time.Since(tp.started); took != 17*time.Second {
			t.Errorf("stopped after %s", took)
		}
		tp.expectState(t, states.Stopped)
		if diff := cmp.Diff([]string{"STARTING", "RUNNING", "STOPPING", "STOPPED"}, tp.events); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestFailedPreStartFailsStart(t *testing.T) {
	withProcess(t, withHooks(PreStart), func(t *testing.T, tp *testProcess) {
		tp.onHook = func(_ string, c *fakeChild) { c.exit(2) }
		if err := tp.Start("p", true).Wait(t.Context()); !sameFault(err, faults.New(faults.SpawnError, "p")) {
			t.Errorf("got %v", err)
		}
		if got := tp.Status().SpawnErr; got != "pre_start exited with status 2" {
			t.Errorf("spawnerr %q", got)
		}
		sleep(time.Minute)
		tp.expectState(t, states.Fatal)
		if len(tp.spawned) != 0 || len(tp.hookRuns) != 4 {
			t.Errorf("spawned at %v, hooks at %v", tp.spawned, tp.hookRuns)
		}
	})
}

func TestHookNotFound(t *testing.T) {
	withProcess(t, func(c *config.Process) {
		c.Hooks = config.Hooks{PreStart: "/does/not/exist --now", Timeout: time.Second}
	}, func(t *testing.T, tp *testProcess) {
		_ = tp.Start("p", true).Wait(t.Context())
		if got := tp.Status().SpawnErr; got != "pre_start: can't find command '/does/not/exist'" {
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
		{"SIGTERM", nil, 30 * time.Second},
		{"SIGKILL", []syscall.Signal{syscall.SIGTERM}, 31 * time.Second},
		{"left behind", []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL}, 32 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			withProcess(t, withHooks(PreStart), func(t *testing.T, tp *testProcess) {
				tp.onHook = func(_ string, c *fakeChild) { c.ignore = tt.ignore }
				_ = tp.Start("p", true).Wait(t.Context())
				if got := tp.Status().SpawnErr; got != "pre_start timed out after 30s" {
					t.Errorf("spawnerr %q", got)
				}
				if took := time.Since(tp.started); took != tt.took {
					t.Errorf("after %s", took)
				}
			})
		})
	}
}

func TestStopDuringPreStart(t *testing.T) {
	withProcess(t, withHooks(PreStart), func(t *testing.T, tp *testProcess) {
		a := tp.Start("p", true)
		sleep(time.Second)
		tp.expectState(t, states.Starting)
		if err := tp.Stop("p", true).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		tp.expectState(t, states.Stopped)
		if err := a.Wait(t.Context()); !sameFault(err, faults.New(faults.AbnormalTermination, "p")) {
			t.Errorf("start: %v", err)
		}
		if diff := cmp.Diff([]string{"SIGTERM true"}, tp.hookChild.got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		sleep(time.Hour)
		if len(tp.spawned) != 0 {
			t.Errorf("spawned at %v", tp.spawned)
		}
	})
}

func TestRestartWaitsForPostStop(t *testing.T) {
	withProcess(t, withHooks(PostStop), func(t *testing.T, tp *testProcess) {
		tp.onHook = exitAfter(5 * time.Second)
		tp.start(t)
		sleep(time.Minute)
		tp.child.exit(1)
		sleep(4 * time.Second)
		tp.expectState(t, states.Starting)
		if pid := tp.Status().PID; pid != 0 {
			t.Errorf("spawned with pid %d", pid)
		}
		sleep(3 * time.Second)
		tp.expectState(t, states.Running)
		if len(tp.spawned) != 2 || tp.spawned[1] != 66*time.Second {
			t.Errorf("spawned at %v", tp.spawned)
		}
	})
}

// A shutdown waits for the post_stop of a child that has exited by itself.
func TestShutdownWaitsForPostStop(t *testing.T) {
	withProcess(t, func(c *config.Process) {
		withHooks(PostStop)(c)
		c.Autorestart = config.RestartNever
	}, func(t *testing.T, tp *testProcess) {
		tp.onHook = exitAfter(5 * time.Second)
		tp.start(t)
		tp.child.exit(0)
		tp.expectState(t, states.Exited)
		tp.ForbidStarts()
		before := time.Now()
		if err := tp.Shutdown().Wait(t.Context()); err != nil || time.Since(before) != 5*time.Second {
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
		tp := &testProcess{started: time.Now()}
		tp.onHook = func(_ string, c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGKILL} }
		tp.Process = New(Options{Config: conf, Spawner: tp, Events: &events.Bus{}, Log: tp.log.Logger()})
		ctx, cancel := context.WithCancel(t.Context())
		go tp.Run(ctx)
		tp.Start("p", false)
		cancel()
		synctest.Wait()
		if !tp.IsOver() {
			t.Error("Run has not ended")
		}
		if diff := cmp.Diff([]string{"SIGKILL true"}, tp.hookChild.got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if s := tp.Status(); s.State != states.Starting || s.Hook != PreStart {
			t.Errorf("status %+v", s)
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

func (f spawnerFunc) Spawn(s *spawn.Spec) (spawn.Child, error) { return f(s) }
func (f spawnerFunc) Adopt(*spawn.Orphan, *spawn.Spec) (spawn.Child, error) {
	panic("no child to adopt")
}

// TestStartsecsBeginAfterPostStop: startsecs does not count the time in which post_stop
// of the last child held up the spawn.
func TestStartsecsBeginAfterPostStop(t *testing.T) {
	change := func(c *config.Process) {
		c.StartSecs, c.Hooks = 5, config.Hooks{PostStop: os.Args[0], Timeout: time.Minute}
	}
	withProcess(t, change, func(t *testing.T, tp *testProcess) {
		tp.onHook = func(_ string, c *fakeChild) { time.AfterFunc(10*time.Second, func() { c.exit(0) }) }
		tp.start(t)
		sleep(time.Minute)
		tp.child.exit(1)
		sleep(11 * time.Second)
		tp.expectState(t, states.Starting)
		tp.child.exit(1)
		tp.expectState(t, states.Backoff)
	})
}

// TestKillCancelsPostStop: a kill ends the post_stop of a child that has exited, for
// which a shutdown waits.
func TestKillCancelsPostStop(t *testing.T) {
	for _, want := range []states.Process{states.Exited, states.Fatal, states.Stopped} {
		t.Run(want.String(), func(t *testing.T) {
			change := func(c *config.Process) {
				c.Autorestart, c.StartRetries = config.RestartNever, 0
				c.Hooks = config.Hooks{PostStop: os.Args[0], Timeout: option.Forever}
				if want == states.Stopped {
					c.StartRetries = 3
				}
			}
			withProcess(t, change, func(t *testing.T, tp *testProcess) {
				tp.Start("p", false)
				if want == states.Exited {
					sleep(time.Minute)
				}
				tp.child.exit(1)
				synctest.Wait()
				tp.ForbidStarts()
				if want == states.Stopped {
					tp.Kill("x", "p", false)
				}
				gone := tp.Shutdown()
				sleep(time.Hour / 2)
				tp.Kill("the end of the time for the shutdown", "p", false)
				started := time.Now()
				if err := gone.Wait(t.Context()); err != nil || time.Since(started) > 3*time.Second {
					t.Errorf("%v after %s", err, time.Since(started))
				}
				tp.expectState(t, want)
			})
		})
	}
}
