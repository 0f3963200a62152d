package machine

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/spawn"
)

const success = "success: p entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)"

// forChild is an input about the child that a machine has in tests.
func forChild(in Input) Input { in.PID = 7; return in }

func TestReadinessSteps(t *testing.T) {
	t.Parallel()
	adoptedStarting := restored(ChildAdopted, states.Starting)
	adoptedStarting.Saved.ReadyBy = noon.Add(time.Minute)
	adoptedReady := restored(ChildAdopted, states.Starting)
	adoptedReady.Saved.ReadyBy, adoptedReady.Saved.Ready = noon.Add(time.Minute), true
	adoptedLate := restored(ChildAdopted, states.Starting)
	*adoptedLate.Saved = *adoptedStarting.Saved
	adoptedLate.Saved.ReadyTimedOut, adoptedLate.Saved.Deadline = true, noon.Add(65*time.Second)
	handedOver := func(in Input) Input { in.HandedOver = true; return in }
	notify := func(m *Machine) { m.conf.Ready.Kind = config.NotifyProbe }
	fd := func(m *Machine) { m.conf.Ready.Kind = config.FDProbe }
	log := func(m *Machine) { m.conf.Ready.Kind = config.LogProbe }
	maybeMissed := func(m *Machine) { m.ReadyMaybeMissed = true }
	forever := func(m *Machine) { m.conf.Ready.Timeout, m.ReadyBy = config.Forever, time.Time{} }
	late := func(m *Machine) { m.ReadyTimedOut = true }
	refused := func(m *Machine) { m.NotReadyReason = "connection refused" }
	for _, tt := range []struct {
		name  string
		state states.Process
		set   func(*Machine)
		in    Input
		age   time.Duration // since the last birth
		want  []string
	}{
		{"born", states.Starting, nil, Input{Kind: ChildSpawned, PID: 9}, 0, []string{"spawned: 'p' with pid 9", "arm 1m0s"}},
		{"born without a limit", states.Starting, forever, Input{Kind: ChildSpawned, PID: 9}, 0, []string{"spawned: 'p' with pid 9", "disarm"}},
		{"born with startsecs 0", states.Starting, func(m *Machine) { m.conf.StartSecs = 0 }, Input{Kind: ChildSpawned, PID: 9}, 0,
			[]string{"spawned: 'p' with pid 9", "arm 1m0s"}},
		{"round over", states.Starting, func(m *Machine) { m.conf.StartSecs, m.inBatch = 0, true }, Input{Kind: BatchStarted}, 0, nil},
		{"ready before startsecs", states.Starting, nil, forChild(Input{Kind: BecameReady}), 300 * time.Millisecond, []string{"arm 700ms"}},
		{"ready and old enough", states.Starting, func(m *Machine) { m.Ready = true }, Input{Kind: TimerFired}, time.Second,
			[]string{"STARTING->RUNNING", success + " and is ready"}},
		{"ready after startsecs", states.Starting, nil, forChild(Input{Kind: BecameReady}), 5 * time.Second,
			[]string{"STARTING->RUNNING", success + " and is ready"}},
		{"another child is ready", states.Starting, nil, Input{Kind: BecameReady, PID: 6}, 5 * time.Second, nil},
		{"ready too late", states.Starting, late, forChild(Input{Kind: BecameReady}), 61 * time.Second, nil},
		{"not ready in time", states.Starting, refused, Input{Kind: TimerFired}, time.Minute,
			[]string{"stopping: p (7): not ready within 60 seconds (connection refused)", "arm 10s", "signal SIGTERM"}},
		{"not ready in time, and nobody knows why", states.Starting, nil, Input{Kind: TimerFired}, time.Minute,
			[]string{"stopping: p (7): not ready within 60 seconds", "arm 10s", "signal SIGTERM"}},
		{"stopped as a group", states.Starting, func(m *Machine) { m.conf.StopAsGroup = true }, Input{Kind: TimerFired}, time.Minute,
			[]string{"stopping: p (7): not ready within 60 seconds", "arm 10s", "signal SIGTERM to the group"}},
		{"disobedient", states.Starting, late, Input{Kind: TimerFired}, 70 * time.Second,
			[]string{"killing 'p' (7) with SIGKILL", "arm 10s", "signal SIGKILL"}},
		{"ended at last", states.Starting, late, Input{Kind: ChildExited, Exit: spawn.Exit{Code: 0}}, 70 * time.Second,
			[]string{"STARTING->BACKOFF", "exited: p (exit status 0; not expected)", "arm 1s"}},
		{"for the last time", states.Starting, func(m *Machine) { late(m); m.Tries = 3 }, Input{Kind: ChildExited, Exit: spawn.Exit{Code: 0}}, 70 * time.Second,
			[]string{"STARTING->BACKOFF", "exited: p (exit status 0; not expected)", "BACKOFF->FATAL",
				"gave up: p entered FATAL state, too many start retries too quickly"}},
		{"ended before it was ready", states.Starting, nil, Input{Kind: ChildExited, Exit: spawn.Exit{Code: 0}}, 5 * time.Second,
			[]string{"STARTING->BACKOFF", "exited: p (exit status 0; not expected)", "arm 1s"}},
		{"ready, and overtakes its timer", states.Starting, func(m *Machine) { m.Ready = true }, Input{Kind: ChildExited, Exit: spawn.Exit{Code: 0}}, 5 * time.Second,
			[]string{"STARTING->RUNNING", "RUNNING->EXITED", "exited: p (exit status 0; expected)"}},
		{"stop", states.Starting, nil, Input{Kind: StopRequested}, 5 * time.Second, []string{"STARTING->STOPPING", "arm 10s", "signal SIGTERM"}},
		{"stop of one that is being ended", states.Starting, late, Input{Kind: StopRequested}, 61 * time.Second,
			[]string{"STARTING->STOPPING", "arm 10s", "signal SIGTERM"}},
		{"more time", states.Starting, nil, forChild(Input{Kind: TimeoutExtended, Extension: 30 * time.Second}), 50 * time.Second, []string{"arm 30s"}},
		{"less time", states.Starting, nil, forChild(Input{Kind: TimeoutExtended, Extension: 3 * time.Second}), 50 * time.Second, nil},
		{"all the time in the world", states.Starting, nil, forChild(Input{Kind: TimeoutExtended, Extension: config.Forever}), 50 * time.Second, []string{"arm 24h0m0s"}},
		{"more time than for ever", states.Starting, forever, forChild(Input{Kind: TimeoutExtended, Extension: time.Second}), 50 * time.Second, nil},
		{"time up, but there is more", states.Starting, func(m *Machine) { m.ReadyBy = noon.Add(80 * time.Second) }, Input{Kind: TimerFired}, time.Minute, []string{"arm 20s"}},
		{"more time to stop", states.Stopping, func(m *Machine) { m.Deadline = noon.Add(10 * time.Second) },
			forChild(Input{Kind: TimeoutExtended, Extension: 30 * time.Second}), 5 * time.Second, []string{"arm 30s"}},
		{"no more time to stop than there is", states.Stopping, func(m *Machine) { m.Deadline = noon.Add(10 * time.Second) },
			forChild(Input{Kind: TimeoutExtended, Extension: time.Second}), 5 * time.Second, nil},

		{"adopted", states.Stopped, nil, adoptedStarting, 20 * time.Second, []string{"was STARTING", "adopted: 'p' with pid 9", "arm 40s"}},
		{"adopted with little time left", states.Stopped, nil, adoptedStarting, 58 * time.Second, []string{"was STARTING", "adopted: 'p' with pid 9", "arm 10s"}},
		{"adopted, and may have said so to nobody", states.Stopped, notify, adoptedStarting, 58 * time.Second,
			[]string{"was STARTING", "adopted: 'p' with pid 9", "arm 1m0s"}},
		{"by a pipe", states.Stopped, fd, adoptedStarting, 58 * time.Second, []string{"was STARTING", "adopted: 'p' with pid 9", "arm 1m0s"}},
		{"by its output", states.Stopped, log, adoptedStarting, 58 * time.Second, []string{"was STARTING", "adopted: 'p' with pid 9", "arm 1m0s"}},
		{"handed over, it has been heard all the time", states.Stopped, notify, handedOver(adoptedStarting), 58 * time.Second, []string{"was STARTING", "arm 2s"}},
		{"it has not said so since", states.Starting, maybeMissed, Input{Kind: TimerFired}, time.Minute,
			[]string{"taken for ready: p (7) has not said so since it was adopted, but may have before", "STARTING->RUNNING", success + " and is ready"}},
		{"it asks for more time", states.Starting, maybeMissed, forChild(Input{Kind: TimeoutExtended, Extension: time.Hour}), time.Minute, []string{"arm 1h0m0s"}},
		{"other limit for it", states.Starting, maybeMissed, Input{Kind: Reconfigured}, 50 * time.Second, []string{"arm 1m0s"}},
		{"handed over with little time left", states.Stopped, nil, handedOver(adoptedStarting), 58 * time.Second, []string{"was STARTING", "arm 2s"}},
		{"adopted while being ended", states.Stopped, nil, adoptedLate, 61 * time.Second, []string{"was STARTING", "adopted: 'p' with pid 9", "arm 4s"}},
		{"adopted between ready and startsecs", states.Stopped, nil, adoptedReady, 300 * time.Millisecond,
			[]string{"was STARTING", "adopted: 'p' with pid 9", "arm 59.7s"}}, // it is asked again
		{"the same after it has said so", states.Stopped, notify, adoptedReady, 300 * time.Millisecond,
			[]string{"was STARTING", "adopted: 'p' with pid 9", "arm 700ms"}},
		{"the same in an upgrade", states.Stopped, nil, handedOver(adoptedReady), 300 * time.Millisecond, []string{"was STARTING", "arm 700ms"}},

		{"other limit", states.Starting, func(m *Machine) { m.conf.Ready.Timeout = 90 * time.Second }, Input{Kind: Reconfigured}, 50 * time.Second, []string{"arm 40s"}},
		{"no limit any more", states.Starting, func(m *Machine) { m.conf.Ready.Timeout = config.Forever }, Input{Kind: Reconfigured}, 50 * time.Second, []string{"disarm"}},
		{"no probe any more", states.Starting, func(m *Machine) { m.conf.Ready = config.Readiness{} }, Input{Kind: Reconfigured}, 50 * time.Second, []string{"arm 0s"}},

		{"renewed", states.Running, nil, forChild(Input{Kind: ReplaceRequested, By: "health"}), time.Hour, []string{"RUNNING->STOPPING", "arm 10s", "signal SIGTERM"}},
		{"another child is to be renewed", states.Running, nil, Input{Kind: ReplaceRequested, PID: 6}, time.Hour, nil},
		{"stop of one that is being renewed", states.Stopping, func(m *Machine) { m.StartPending, m.StartPendingBy = true, "health" }, Input{Kind: StopRequested}, 0, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := machineIn(tt.state)
			awaitingReady(m)
			if tt.set != nil {
				tt.set(m)
			}
			if tt.in.Kind == ChildSpawned {
				m.PID = 0
			}
			got := describe(m.Step(m.Started.Add(tt.age), tt.in))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("effects (-want +got):\n%s", diff)
			}
		})
	}
}

// TestReadinessSurvivesDaemonCrash: who was RUNNING is as ready as before; who was not
// yet is asked again.
func TestReadinessSurvivesDaemonCrash(t *testing.T) {
	t.Parallel()
	for state, want := range map[states.Process]bool{states.Running: true, states.Starting: false} {
		m := machineIn(states.Stopped)
		awaitingReady(m)
		in := restored(ChildAdopted, state)
		in.Saved.Ready, in.Saved.Health = true, Healthy
		m.Step(m.Started.Add(time.Second), in)
		if m.State != state || m.Ready != want || m.Health != HealthUnknown {
			t.Errorf("%s: %s, ready %t, health %v", state, m.State, m.Ready, m.Health)
		}
	}
}
