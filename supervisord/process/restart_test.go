package process

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/process/machine"
	"supervisor/supervisord/system/boottime"
)

// withGrowingDelays configures restarts with delays that grow.
func withGrowingDelays(c *config.Process) {
	c.Autorestart, c.StartSecs, c.StartRetries = config.RestartAlways, 0, 1000
	c.Restart = config.RestartPolicy{Delay: 2 * time.Second, BackoffFactor: 2, Max: 10 * time.Second}
}

func TestRestartDelayGrowsUntilStable(t *testing.T) {
	withProcess(t, withGrowingDelays, func(t *testing.T, tp *testProcess) {
		tp.start(t)
		for range 4 {
			tp.child.exit(1)
			sleep(11 * time.Second)
		}
		sleep(10 * time.Second) // this child has run long enough
		tp.child.exit(1)
		sleep(2 * time.Second)
		tp.expectState(t, states.Running)
		want := []time.Duration{0, 2 * time.Second, 15 * time.Second, 30 * time.Second, 43 * time.Second, 56 * time.Second}
		if diff := cmp.Diff(want, tp.spawned); diff != "" {
			t.Errorf("spawns (-want +got):\n%s", diff)
		}
	})
}

func TestRestartLimit(t *testing.T) {
	withProcess(t, func(c *config.Process) {
		c.Autorestart, c.StartSecs = config.RestartAlways, 0
		c.Restart = config.RestartPolicy{BackoffFactor: 1, Max: option.Forever, Limit: 3, Window: time.Minute}
	}, func(t *testing.T, tp *testProcess) {
		cause, code := "", 0
		tp.opts.RestartLimitReached = func(_ *Process, c string, n int) { cause, code = c, n }
		tp.onSpawn = func(c *fakeChild) { c.exit(7) }
		tp.start(t)
		sleep(time.Minute)
		tp.expectState(t, states.Fatal)
		if len(tp.spawned) != 4 {
			t.Errorf("spawns at %v", tp.spawned)
		}
		st := tp.Status()
		if st.SpawnErr != "given up: 3 restarts within 1m" || !strings.Contains(st.Reason, "exit status 7") {
			t.Errorf("spawnerr %q, reason %q", st.SpawnErr, st.Reason)
		}
		if cause != st.Reason || code != 7 {
			t.Errorf("reported %q and %d", cause, code)
		}
		if !strings.Contains(tp.log.String(), "gave up: p entered FATAL state, 3 restarts within 1m (restart_limit)") {
			t.Errorf("log:\n%s", tp.log.String())
		}
	})
}

func TestResetClearsRestartLimit(t *testing.T) {
	withProcess(t, func(c *config.Process) {
		c.Autorestart, c.StartSecs = config.RestartAlways, 0
		c.Restart = config.RestartPolicy{BackoffFactor: 1, Max: option.Forever, Limit: 1, Window: time.Hour}
	}, func(t *testing.T, tp *testProcess) {
		tp.onSpawn = func(c *fakeChild) { c.exit(7) }
		tp.start(t)
		sleep(time.Minute)
		tp.expectState(t, states.Fatal)
		if err := tp.Reset("p"); err != nil {
			t.Fatal(err)
		}
		sleep(time.Minute)
		tp.expectState(t, states.Fatal) // a reset starts nothing
		tp.onSpawn = nil
		tp.start(t)
		tp.child.exit(7)
		sleep(time.Minute)
		tp.expectState(t, states.Running)
	})
}

// TestRestartCountersSurviveDaemonRestart: a daemon that adopts a process goes on
// counting.
func TestRestartCountersSurviveDaemonRestart(t *testing.T) {
	withProcess(t, func(c *config.Process) {
		c.Autorestart = config.RestartAlways
		c.Restart = config.RestartPolicy{Delay: time.Second, BackoffFactor: 2, Max: option.Forever, Limit: 4, Window: time.Hour}
	}, func(t *testing.T, tp *testProcess) {
		tp.onSpawn = func(c *fakeChild) { c.exit(1) }
		times := slices.Repeat([]boottime.Time{boottime.At(time.Now())}, 3)
		tp.Process.Adopt(&Saved{State: State{Status: machine.Status{
			State: states.Backoff, Deadline: boottime.At(time.Now()),
			RestartCounts: machine.RestartCounts{RestartsInRow: 3, Restarts: &times},
			PendingStart:  machine.PendingStart{StartDue: true},
		}}})
		sleep(time.Millisecond)
		tp.expectState(t, states.Backoff)
		if want := "exit status 1 came sooner than startsecs allows; attempt 1 of 3 in 8s (attempt 4, budget 4 of 4 in 1h)"; tp.Status().Reason != want {
			t.Errorf("reason %q, want %q", tp.Status().Reason, want)
		}
		sleep(8 * time.Second)
		tp.expectState(t, states.Fatal)
	})
}

func TestJitterBounds(t *testing.T) {
	withProcess(t, func(c *config.Process) {
		withGrowingDelays(c)
		c.Restart.BackoffFactor, c.Restart.Jitter = 1, 0.5
	}, func(t *testing.T, tp *testProcess) {
		tp.onSpawn = func(c *fakeChild) { c.exit(1) }
		tp.start(t)
		sleep(time.Minute)
		different := false
		for i, at := range tp.spawned[1:] {
			gap := at - tp.spawned[i]
			if gap < time.Second || gap > 3*time.Second {
				t.Errorf("a restart came after %s", gap)
			}
			different = different || gap != 2*time.Second
		}
		if !different {
			t.Error("all restarts came after the same time")
		}
	})
}
