package machine

import (
	"testing"
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/system/boottime"
)

const success = "success: p entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)"

// forChild makes an input be about the child of machineIn.
func forChild(in Input) Input { in.PID = 7; return in }

// awaitingReady gives the child a minute to become ready.
func awaitingReady(m *Machine) {
	m.conf.Ready = config.Readiness{Probe: config.Probe{Text: "tcp://x:1", Kind: config.TCPProbe}, Timeout: time.Minute, Interval: time.Second}
	m.ReadyBy = boottime.At(m.Started.Add(time.Minute))
}

func TestReadinessSteps(t *testing.T) {
	t.Parallel()
	forever := func(m *Machine) { m.conf.Ready.Timeout, m.ReadyBy = option.Forever, boottime.Time{} }
	late := func(m *Machine) { m.ReadyTimedOut = true }
	refused := func(m *Machine) { m.NotReadyReason = "connection refused" }
	testSteps(t, []stepTest{
		{"spawned", states.Starting, nil, Input{Kind: ChildSpawned, PID: 9}, 0, []string{"spawned: 'p' with pid 9", "timer 1m0s"}},
		{"spawned without a limit", states.Starting, forever, Input{Kind: ChildSpawned, PID: 9}, 0, []string{"spawned: 'p' with pid 9", "stop timer"}},
		{"spawned with startsecs 0", states.Starting, func(m *Machine) { m.conf.StartSecs = 0 }, Input{Kind: ChildSpawned, PID: 9}, 0,
			[]string{"spawned: 'p' with pid 9", "timer 1m0s"}},
		{"batch started", states.Starting, func(m *Machine) { m.conf.StartSecs, m.inBatch = 0, true }, Input{Kind: BatchStarted}, 0, nil},
		{"ready before startsecs", states.Starting, nil, forChild(Input{Kind: BecameReady}), 300 * time.Millisecond, []string{"timer 700ms"}},
		{"startsecs over after ready", states.Starting, func(m *Machine) { m.Ready = true }, Input{Kind: TimerFired}, time.Second,
			[]string{"STARTING->RUNNING", success + " and is ready"}},
		{"ready after startsecs", states.Starting, nil, forChild(Input{Kind: BecameReady}), 5 * time.Second,
			[]string{"STARTING->RUNNING", success + " and is ready"}},
		{"another child is ready", states.Starting, nil, Input{Kind: BecameReady, PID: 6}, 5 * time.Second, nil},
		{"ready too late", states.Starting, late, forChild(Input{Kind: BecameReady}), 61 * time.Second, nil},
		{"not ready in time", states.Starting, refused, Input{Kind: TimerFired}, time.Minute,
			[]string{"stopping: p (7): not ready within 60 seconds (connection refused)", "timer 10s", "signal SIGTERM"}},
		{"not ready in time without a reason", states.Starting, nil, Input{Kind: TimerFired}, time.Minute,
			[]string{"stopping: p (7): not ready within 60 seconds", "timer 10s", "signal SIGTERM"}},
		{"not ready in time with stopasgroup", states.Starting, func(m *Machine) { m.conf.StopAsGroup = true }, Input{Kind: TimerFired}, time.Minute,
			[]string{"stopping: p (7): not ready within 60 seconds", "timer 10s", "signal SIGTERM to the group"}},
		{"does not stop", states.Starting, late, Input{Kind: TimerFired}, 70 * time.Second,
			[]string{"killing 'p' (7) with SIGKILL", "timer 10s", "signal SIGKILL"}},
		{"exit after the timeout", states.Starting, late, Input{Kind: ChildExited, Exit: spawn.Exit{Code: 0}}, 70 * time.Second,
			[]string{"STARTING->BACKOFF", "exited: p (exit status 0; not expected)", "timer 1s"}},
		{"exit after the last timeout", states.Starting, func(m *Machine) { late(m); m.Tries = 3 }, Input{Kind: ChildExited, Exit: spawn.Exit{Code: 0}}, 70 * time.Second,
			[]string{"STARTING->BACKOFF", "exited: p (exit status 0; not expected)", "BACKOFF->FATAL",
				"gave up: p entered FATAL state, too many start retries too quickly"}},
		{"exit before ready", states.Starting, nil, Input{Kind: ChildExited, Exit: spawn.Exit{Code: 0}}, 5 * time.Second,
			[]string{"STARTING->BACKOFF", "exited: p (exit status 0; not expected)", "timer 1s"}},
		{"exit after ready overtakes the timer", states.Starting, func(m *Machine) { m.Ready = true }, Input{Kind: ChildExited, Exit: spawn.Exit{Code: 0}}, 5 * time.Second,
			[]string{"STARTING->RUNNING", "RUNNING->EXITED", "exited: p (exit status 0; expected)"}},
		{"stop", states.Starting, nil, Input{Kind: StopRequested}, 5 * time.Second, []string{"STARTING->STOPPING", "timer 10s", "signal SIGTERM"}},
		{"stop after the timeout", states.Starting, late, Input{Kind: StopRequested}, 61 * time.Second,
			[]string{"STARTING->STOPPING", "timer 10s", "signal SIGTERM"}},
		{"more time", states.Starting, nil, forChild(Input{Kind: TimeoutExtended, Extension: 30 * time.Second}), 50 * time.Second, []string{"timer 30s"}},
		{"less time than is left", states.Starting, nil, forChild(Input{Kind: TimeoutExtended, Extension: 3 * time.Second}), 50 * time.Second, nil},
		{"unlimited time", states.Starting, nil, forChild(Input{Kind: TimeoutExtended, Extension: option.Forever}), 50 * time.Second, []string{"timer 24h0m0s"}},
		{"more time without a limit", states.Starting, forever, forChild(Input{Kind: TimeoutExtended, Extension: time.Second}), 50 * time.Second, nil},
		{"timer of an extended start", states.Starting, func(m *Machine) { m.ReadyBy = boottime.At(noon.Add(80 * time.Second)) }, Input{Kind: TimerFired}, time.Minute, []string{"timer 20s"}},
		{"more time to stop", states.Stopping, func(m *Machine) { m.Deadline = boottime.At(noon.Add(10 * time.Second)) },
			forChild(Input{Kind: TimeoutExtended, Extension: 30 * time.Second}), 5 * time.Second, []string{"timer 30s"}},
		{"less time to stop than is left", states.Stopping, func(m *Machine) { m.Deadline = boottime.At(noon.Add(10 * time.Second)) },
			forChild(Input{Kind: TimeoutExtended, Extension: time.Second}), 5 * time.Second, nil},
	}, awaitingReady)
}

func TestAdoptedReadinessSteps(t *testing.T) {
	t.Parallel()
	adoptedStarting := restored(ChildAdopted, states.Starting)
	adoptedStarting.Saved.ReadyBy = boottime.At(noon.Add(time.Minute))
	adoptedReady := restored(ChildAdopted, states.Starting)
	adoptedReady.Saved.ReadyBy, adoptedReady.Saved.Ready = boottime.At(noon.Add(time.Minute)), true
	adoptedLate := restored(ChildAdopted, states.Starting)
	*adoptedLate.Saved = *adoptedStarting.Saved
	adoptedLate.Saved.ReadyTimedOut, adoptedLate.Saved.Deadline = true, boottime.At(noon.Add(65*time.Second))
	handedOver := func(in Input) Input { in.HandedOver = true; return in }
	notify := func(m *Machine) { m.conf.Ready.Kind = config.NotifyProbe }
	fd := func(m *Machine) { m.conf.Ready.Kind = config.FDProbe }
	log := func(m *Machine) { m.conf.Ready.Kind = config.LogProbe }
	maybeMissed := func(m *Machine) { m.ReadyMaybeMissed = true }
	testSteps(t, []stepTest{
		{"adopted", states.Stopped, nil, adoptedStarting, 20 * time.Second, []string{"restore STARTING", "adopted: 'p' with pid 9", "timer 40s"}},
		{"adopted with little time left", states.Stopped, nil, adoptedStarting, 58 * time.Second, []string{"restore STARTING", "adopted: 'p' with pid 9", "timer 10s"}},
		{"adopted, report may have been missed", states.Stopped, notify, adoptedStarting, 58 * time.Second,
			[]string{"restore STARTING", "adopted: 'p' with pid 9", "timer 1m0s"}},
		{"adopted, report by pipe may have been missed", states.Stopped, fd, adoptedStarting, 58 * time.Second, []string{"restore STARTING", "adopted: 'p' with pid 9", "timer 1m0s"}},
		{"adopted, report by output may have been missed", states.Stopped, log, adoptedStarting, 58 * time.Second, []string{"restore STARTING", "adopted: 'p' with pid 9", "timer 1m0s"}},
		{"handed over, no report missed", states.Stopped, notify, handedOver(adoptedStarting), 58 * time.Second, []string{"restore STARTING", "timer 2s"}},
		{"assumed ready", states.Starting, maybeMissed, Input{Kind: TimerFired}, time.Minute,
			[]string{"taken for ready: p (7) has not said so since it was adopted, but may have before", "STARTING->RUNNING", success + " and is ready"}},
		{"more time after a missed report", states.Starting, maybeMissed, forChild(Input{Kind: TimeoutExtended, Extension: time.Hour}), time.Minute, []string{"timer 1h0m0s"}},
		{"other limit after a missed report", states.Starting, maybeMissed, Input{Kind: Reconfigured}, 50 * time.Second, []string{"timer 1m0s"}},
		{"handed over with little time left", states.Stopped, nil, handedOver(adoptedStarting), 58 * time.Second, []string{"restore STARTING", "timer 2s"}},
		{"adopted after the timeout", states.Stopped, nil, adoptedLate, 61 * time.Second, []string{"restore STARTING", "adopted: 'p' with pid 9", "timer 4s"}},
		{"adopted between ready and startsecs", states.Stopped, nil, adoptedReady, 300 * time.Millisecond,
			[]string{"restore STARTING", "adopted: 'p' with pid 9", "timer 59.7s"}}, // it is asked again
		{"adopted between report and startsecs", states.Stopped, notify, adoptedReady, 300 * time.Millisecond,
			[]string{"restore STARTING", "adopted: 'p' with pid 9", "timer 700ms"}},
		{"handed over between ready and startsecs", states.Stopped, nil, handedOver(adoptedReady), 300 * time.Millisecond, []string{"restore STARTING", "timer 700ms"}},
	}, awaitingReady)
}

func TestReconfiguredReadinessSteps(t *testing.T) {
	t.Parallel()
	testSteps(t, []stepTest{
		{"other limit", states.Starting, func(m *Machine) { m.conf.Ready.Timeout = 90 * time.Second }, Input{Kind: Reconfigured}, 50 * time.Second, []string{"timer 40s"}},
		{"limit removed", states.Starting, func(m *Machine) { m.conf.Ready.Timeout = option.Forever }, Input{Kind: Reconfigured}, 50 * time.Second, []string{"stop timer"}},
		{"probe removed", states.Starting, func(m *Machine) { m.conf.Ready = config.Readiness{} }, Input{Kind: Reconfigured}, 50 * time.Second, []string{"timer 0s"}},
	}, awaitingReady)
}

func TestReplaceSteps(t *testing.T) {
	t.Parallel()
	testSteps(t, []stepTest{
		{"replaced", states.Running, nil, forChild(Input{Kind: ReplaceRequested, By: "health"}), time.Hour, []string{"RUNNING->STOPPING", "timer 10s", "signal SIGTERM"}},
		{"another child should be replaced", states.Running, nil, Input{Kind: ReplaceRequested, PID: 6}, time.Hour, nil},
		{"stop while being replaced", states.Stopping, func(m *Machine) { m.StartPending, m.StartPendingBy = true, "health" }, Input{Kind: StopRequested}, 0, nil},
	}, awaitingReady)
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
