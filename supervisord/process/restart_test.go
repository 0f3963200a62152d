package process

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process/machine"
)

// withGrowingDelays is a program whose restarts are delayed, ever longer.
func withGrowingDelays(c *config.Process) {
	c.Autorestart, c.StartSecs, c.StartRetries = config.RestartAlways, 0, 1000
	c.Restart = config.RestartPolicy{Delay: 2 * time.Second, BackoffFactor: 2, Max: 10 * time.Second}
}

func TestRestartDelayGrowsUntilStable(t *testing.T) {
	withProcess(t, withGrowingDelays, func(t *testing.T, w *testProcess) {
		w.start(t)
		for range 4 {
			w.child.exit(1)
			sleep(11 * time.Second)
		}
		sleep(10 * time.Second) // this one has lasted
		w.child.exit(1)
		sleep(2 * time.Second)
		w.expectState(t, states.Running)
		want := []time.Duration{0, 2 * time.Second, 15 * time.Second, 30 * time.Second, 43 * time.Second, 56 * time.Second}
		if diff := cmp.Diff(want, w.spawned); diff != "" {
			t.Errorf("births (-want +got):\n%s", diff)
		}
	})
}

func TestRestartLimit(t *testing.T) {
	withProcess(t, func(c *config.Process) {
		c.Autorestart, c.StartSecs = config.RestartAlways, 0
		c.Restart = config.RestartPolicy{BackoffFactor: 1, Max: config.Forever, Limit: 3, Window: time.Minute}
	}, func(t *testing.T, w *testProcess) {
		cause, code := "", 0
		w.RestartLimitReached = func(_ *Process, c string, n int) { cause, code = c, n }
		w.onSpawn = func(c *fakeChild) { c.exit(7) }
		w.start(t)
		sleep(time.Minute)
		w.expectState(t, states.Fatal)
		if len(w.spawned) != 4 {
			t.Errorf("births at %v", w.spawned)
		}
		st := w.Status()
		if st.SpawnErr != "given up: 3 restarts within 1m" || !strings.Contains(st.Reason, "exit status 7") {
			t.Errorf("spawnerr %q, reason %q", st.SpawnErr, st.Reason)
		}
		if cause != st.Reason || code != 7 {
			t.Errorf("those beside it were told %q and %d", cause, code)
		}
		if !strings.Contains(w.log.String(), "gave up: p entered FATAL state, 3 restarts within 1m (restart_limit)") {
			t.Errorf("log:\n%s", w.log.String())
		}
	})
}

func TestResetClearsRestartLimit(t *testing.T) {
	withProcess(t, func(c *config.Process) {
		c.Autorestart, c.StartSecs = config.RestartAlways, 0
		c.Restart = config.RestartPolicy{BackoffFactor: 1, Max: config.Forever, Limit: 1, Window: time.Hour}
	}, func(t *testing.T, w *testProcess) {
		w.onSpawn = func(c *fakeChild) { c.exit(7) }
		w.start(t)
		sleep(time.Minute)
		w.expectState(t, states.Fatal)
		if err := w.Reset("p"); err != nil {
			t.Fatal(err)
		}
		sleep(time.Minute)
		w.expectState(t, states.Fatal) // it brings nothing up
		w.onSpawn = nil
		w.start(t)
		w.child.exit(7)
		sleep(time.Minute)
		w.expectState(t, states.Running)
	})
}

// TestRestartCountersSurviveDaemonRestart: whoever adopts a process goes on counting.
func TestRestartCountersSurviveDaemonRestart(t *testing.T) {
	withProcess(t, func(c *config.Process) {
		c.Autorestart = config.RestartAlways
		c.Restart = config.RestartPolicy{Delay: time.Second, BackoffFactor: 2, Max: config.Forever, Limit: 4, Window: time.Hour}
	}, func(t *testing.T, w *testProcess) {
		w.onSpawn = func(c *fakeChild) { c.exit(1) }
		times := []time.Time{time.Now(), time.Now(), time.Now()}
		w.Process.Adopt(&SavedState{Status: machine.Status{
			State: states.Backoff, Deadline: time.Now(),
			RestartCounts: machine.RestartCounts{RestartsInRow: 3, Restarts: &times},
			PendingStart:  machine.PendingStart{StartDue: true},
		}})
		sleep(time.Millisecond)
		w.expectState(t, states.Backoff)
		if want := "exit status 1 came sooner than startsecs allows; attempt 1 of 3 in 8s (attempt 4, budget 4 of 4 in 1h)"; w.Status().Reason != want {
			t.Errorf("reason %q, want %q", w.Status().Reason, want)
		}
		sleep(8 * time.Second)
		w.expectState(t, states.Fatal)
	})
}

func TestJitterBounds(t *testing.T) {
	withProcess(t, func(c *config.Process) {
		withGrowingDelays(c)
		c.Restart.BackoffFactor, c.Restart.Jitter = 1, 0.5
	}, func(t *testing.T, w *testProcess) {
		w.onSpawn = func(c *fakeChild) { c.exit(1) }
		w.start(t)
		sleep(time.Minute)
		different := false
		for i, at := range w.spawned[1:] {
			gap := at - w.spawned[i]
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
