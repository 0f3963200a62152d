package process

import (
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/spawn"
)

func TestStartWaitsForStartsecs(t *testing.T) {
	withProcess(t, func(c *config.Process) { c.StartSecs = 7 }, func(t *testing.T, tp *testProcess) {
		tp.start(t)
		if took := time.Since(tp.started); took != 7*time.Second {
			t.Errorf("took %s", took)
		}
		tp.expectState(t, states.Running)
		if tp.Status().PID != tp.child.pid {
			t.Errorf("pid %d", tp.Status().PID)
		}
	})
}

func TestStartWithoutWaiting(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, tp *testProcess) {
		a := tp.Start("p", false)
		if !a.Done() || a.Wait(t.Context()) != nil {
			t.Errorf("got %v", a)
		}
		tp.expectState(t, states.Starting)
	})
}

func TestRetriesGrowThenGiveUp(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, tp *testProcess) {
		tp.onSpawn = func(c *fakeChild) { c.exit(1) }
		err := tp.Start("p", true).Wait(t.Context())
		if want := faults.New(faults.SpawnError, "p"); !sameFault(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
		sleep(time.Minute)
		tp.expectState(t, states.Fatal)
		want := []time.Duration{0, time.Second, 3 * time.Second, 6 * time.Second}
		if diff := cmp.Diff(want, tp.spawned); diff != "" {
			t.Errorf("spawns (-want +got):\n%s", diff)
		}
		if tp.Status().SpawnErr != "Exited too quickly (process log may have details)" {
			t.Errorf("spawnerr %q", tp.Status().SpawnErr)
		}
	})
}

func TestStateEvents(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, tp *testProcess) {
		tp.start(t)
		tp.child.exit(3)
		tp.expectState(t, states.Starting) // it had run for a second
		sleep(2 * time.Second)
		tp.expectState(t, states.Running)
		if err := tp.Stop("p", true).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		want := []string{"STARTING", "RUNNING", "EXITED", "STARTING", "RUNNING", "STOPPING", "STOPPED"}
		if diff := cmp.Diff(want, tp.events); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestRestartAfterLongRunIsImmediate(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, tp *testProcess) {
		tp.start(t)
		sleep(time.Hour)
		tp.child.exit(1)
		synctest.Wait()
		if len(tp.spawned) != 2 || tp.spawned[1] != time.Hour+time.Second {
			t.Errorf("spawns at %v", tp.spawned)
		}
	})
}

func TestRestartsAtMostOncePerSecond(t *testing.T) {
	withProcess(t, func(c *config.Process) { c.StartSecs, c.Autorestart = 0, config.RestartAlways }, func(t *testing.T, tp *testProcess) {
		tp.onSpawn = func(c *fakeChild) { c.exit(0) }
		tp.start(t)
		sleep(9500 * time.Millisecond)
		if len(tp.spawned) != 10 {
			t.Errorf("%d spawns: %v", len(tp.spawned), tp.spawned)
		}
	})
}

func TestForbidStarts(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, tp *testProcess) {
		tp.start(t)
		tp.ForbidStarts()
		tp.child.exit(1)
		sleep(time.Minute)
		tp.expectState(t, states.Exited)
		if err := tp.Start("p", true).Wait(t.Context()); !hasCode(err, faults.ShutdownState) {
			t.Errorf("start: %v", err)
		}
		tp.AllowStarts()
		sleep(time.Minute)
		tp.expectState(t, states.Running)
	})
}

// TestReconfigure: the child stays, and the new configuration decides from now on.
func TestReconfigure(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, tp *testProcess) {
		tp.start(t)
		pid := tp.Status().PID
		reported := make(chan *config.Process, 1)
		tp.opts.Changed = func(p *Process) {
			select {
			case reported <- p.CurrentConfig():
			default:
			}
		}
		updated := *tp.Config
		updated.StopSignal, updated.StopWaitSecs, updated.Autorestart, updated.ExitCodes = syscall.SIGINT, 60, config.RestartUnexpected, []int{7}
		tp.Reconfigure(&updated)
		if tp.CurrentConfig() != &updated || <-reported != &updated {
			t.Error("the configuration is not in force")
		}
		if got := tp.Status().PID; got != pid {
			t.Errorf("pid %d, had %d", got, pid)
		}
		tp.child.end(spawn.Exit{Code: 7})
		sleep(time.Hour)
		tp.expectState(t, states.Exited)
		tp.start(t)
		tp.child.update(func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGINT} })
		started := time.Now()
		if err := tp.Stop("p", true).Wait(t.Context()); err != nil || time.Since(started) != time.Minute {
			t.Errorf("the stop took %s: %v", time.Since(started), err)
		}
		if got := tp.child.got; len(got) != 2 || got[0] != "SIGINT false" {
			t.Errorf("signals: %v", got)
		}
	})
}
