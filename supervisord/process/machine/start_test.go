package machine

import (
	"testing"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/system/boottime"
)

func TestStartSteps(t *testing.T) {
	t.Parallel()
	testSteps(t, []stepTest{
		{"start", states.Stopped, nil, Input{Kind: StartRequested}, 0, []string{"STOPPED->STARTING", "spawn"}},
		{"start after an exit", states.Exited, nil, Input{Kind: StartRequested}, 0, []string{"EXITED->STARTING", "spawn"}},
		{"start after FATAL", states.Fatal, nil, Input{Kind: StartRequested}, 0, []string{"FATAL->STARTING", "spawn"}},
		{"start while RUNNING", states.Running, nil, Input{Kind: StartRequested}, 0, []string{"ALREADY_STARTED"}},
		{"start in BACKOFF", states.Backoff, nil, Input{Kind: StartRequested}, 0, []string{"ALREADY_STARTED"}},
		{"start while UNKNOWN", states.Unknown, nil, Input{Kind: StartRequested}, 0, []string{"FAILED"}},
		{"start while STOPPING", states.Stopping, nil, Input{Kind: StartRequested}, 0, nil},
		{"start in a shutdown", states.Stopped, noStarts, Input{Kind: StartRequested}, 0, []string{"SHUTDOWN_STATE"}},
		{"autostart", states.Stopped, func(m *Machine) { m.Started = boottime.Time{} }, Input{Kind: AutostartRequested}, 0, []string{"STOPPED->STARTING", "spawn"}},
		{"autostart of a process that was stopped", states.Stopped, nil, Input{Kind: AutostartRequested}, 0, nil},
		{"spawned in a batch", states.Starting, func(m *Machine) { m.conf.StartSecs, m.inBatch = 0, true }, Input{Kind: ChildSpawned, PID: 9}, 0,
			[]string{"spawned: 'p' with pid 9"}},
		{"batch started", states.Starting, func(m *Machine) { m.conf.StartSecs, m.inBatch = 0, true }, Input{Kind: BatchStarted}, 0,
			[]string{"STARTING->RUNNING", "success: p entered RUNNING state, process has stayed up for > than 0 seconds (startsecs)"}},
		{"batch started before startsecs", states.Starting, func(m *Machine) { m.inBatch = true }, Input{Kind: BatchStarted}, 0, nil},
		{"spawned", states.Starting, nil, Input{Kind: ChildSpawned, PID: 9}, 0, []string{"spawned: 'p' with pid 9", "timer 1s"}},
		{"spawned with startsecs 0", states.Starting, func(m *Machine) { m.conf.StartSecs = 0 }, Input{Kind: ChildSpawned, PID: 9}, 0,
			[]string{"spawned: 'p' with pid 9", "STARTING->RUNNING",
				"success: p entered RUNNING state, process has stayed up for > than 0 seconds (startsecs)"}},
		{"spawn failed", states.Starting, nil, Input{Kind: SpawnFailed, Text: "why"}, 0,
			[]string{"spawnerr: why", "STARTING->BACKOFF", "timer 1s"}},
		{"spawn failed for the last time", states.Starting, func(m *Machine) { m.Tries = 3 }, Input{Kind: SpawnFailed, Text: "why"}, 0,
			[]string{"spawnerr: why", "STARTING->BACKOFF", "BACKOFF->FATAL",
				"gave up: p entered FATAL state, too many start retries too quickly"}},
	})
}

func TestDeferredStartSteps(t *testing.T) {
	t.Parallel()
	testSteps(t, []stepTest{
		{"deferred", states.Stopped, nil, Input{Kind: StartDeferred, Text: "db:ready"}, 0, nil},
		{"restart deferred", states.Exited, func(m *Machine) { m.StartDue = true }, Input{Kind: StartDeferred, Text: "db:ready"}, 0, []string{"stop timer"}},
		{"autostart of a deferred process", states.Stopped, startWaiting, Input{Kind: AutostartRequested}, 0, []string{"STOPPED->STARTING", "spawn"}},
		{"autostart of an EXITED process", states.Exited, nil, Input{Kind: AutostartRequested}, 0, nil},
		{"autostart of a deferred EXITED process", states.Exited, startWaiting, Input{Kind: AutostartRequested}, 0, []string{"EXITED->STARTING", "spawn"}},
		{"autostart of a deferred FATAL process", states.Fatal, startWaiting, Input{Kind: AutostartRequested}, 0, []string{"FATAL->STARTING", "spawn"}},
		{"autostart of a cancelled process", states.Stopped, func(m *Machine) { m.Started, m.StartCancelled = boottime.Time{}, true }, Input{Kind: AutostartRequested}, 0, nil},
		{"start of a deferred process", states.Stopped, startWaiting, Input{Kind: StartRequested}, 0, []string{"STOPPED->STARTING", "spawn"}},
		{"stop of a deferred process", states.Stopped, startWaiting, Input{Kind: StopRequested}, 0, nil},
		{"stop of a deferred EXITED process", states.Exited, startWaiting, Input{Kind: StopRequested}, 0, nil},
		{"stop of a deferred STOPPING process", states.Stopping, startWaiting, Input{Kind: StopRequested}, 0, nil},
		{"dependency failed", states.Stopped, startWaiting, Input{Kind: DependencyFailed, Text: "db was not ready within 2m"}, 0,
			[]string{"STOPPED->FATAL", "gave up: p entered FATAL state, db was not ready within 2m"}},
		{"dependency failed too late", states.Stopped, nil, Input{Kind: DependencyFailed, Text: "why"}, 0, nil},
	})
}

func TestForbiddenStartSteps(t *testing.T) {
	t.Parallel()
	testSteps(t, []stepTest{
		{"starts forbidden before a retry", states.Backoff, func(m *Machine) { m.StartDue = true }, Input{Kind: StartsForbidden}, 0, []string{"stop timer"}},
		{"starts allowed again", states.Backoff, func(m *Machine) { m.StartDue, m.noStarts = true, true }, Input{Kind: StartsAllowed}, 0, []string{"timer 0s"}},
		{"shutdown in BACKOFF", states.Backoff, noStarts, Input{Kind: ShutdownRequested}, 0, []string{"BACKOFF->FATAL"}},
		{"shutdown while RUNNING", states.Running, noStarts, Input{Kind: ShutdownRequested}, 0, []string{"RUNNING->STOPPING", "timer 10s", "signal SIGTERM"}},
		{"shutdown while STOPPED", states.Stopped, noStarts, Input{Kind: ShutdownRequested}, 0, nil},
	})
}

// startWaiting sets a start that waits.
func startWaiting(m *Machine) { m.WaitingFor = "db:ready" }

// noStarts forbids starts.
func noStarts(m *Machine) { m.noStarts = true }
