package machine

import (
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/spawn"
)

var allHooks = config.Hooks{PreStart: "a", PostStart: "b", PreStop: "c", PostStop: "d", Timeout: 30 * time.Second}

// hookDone and hookFailed are the end of a hook.
func hookDone(h Hook) Input                { return Input{Kind: HookFinished, Hook: h} }
func hookFailed(h Hook, text string) Input { return Input{Kind: HookFinished, Hook: h, Text: text} }

// setHooks configures all hooks.
func setHooks(m *Machine) { m.conf.Hooks = allHooks }

// duringHook sets a hook that is running.
func duringHook(h Hook) func(*Machine) { return func(m *Machine) { setHooks(m); m.Hook = h } }

// duringHookWithoutChild sets a hook that runs while there is no child.
func duringHookWithoutChild(h Hook) func(*Machine) {
	return func(m *Machine) { setHooks(m); m.Hook, m.PID = h, 0 }
}

// combine makes several changes.
func combine(change ...func(*Machine)) func(*Machine) {
	return func(m *Machine) {
		for _, c := range change {
			c(m)
		}
	}
}

func TestStartHookSteps(t *testing.T) {
	t.Parallel()
	pending := func(m *Machine) { m.StartPending = true }
	testSteps(t, []stepTest{
		{"start", states.Stopped, setHooks, Input{Kind: StartRequested}, 0, []string{"STOPPED->STARTING", "pre_start"}},
		{"pre_start succeeded", states.Starting, duringHookWithoutChild(PreStart), hookDone(PreStart), 0, []string{"spawn"}},
		{"pre_start failed", states.Starting, duringHookWithoutChild(PreStart), hookFailed(PreStart, "pre_start exited with status 2"), 0,
			[]string{"spawnerr: pre_start exited with status 2", "STARTING->BACKOFF", "timer 1s"}},
		{"pre_start failed for the last time", states.Starting, combine(duringHookWithoutChild(PreStart), func(m *Machine) { m.Tries = 3 }), hookFailed(PreStart, "no"), 0,
			[]string{"spawnerr: no", "STARTING->BACKOFF", "BACKOFF->FATAL", "gave up: p entered FATAL state, too many start retries too quickly"}},
		{"pre_start succeeded, starts forbidden", states.Starting, combine(duringHookWithoutChild(PreStart), noStarts), hookDone(PreStart), 0, []string{"STARTING->BACKOFF"}},
		{"start during pre_start", states.Starting, duringHookWithoutChild(PreStart), Input{Kind: StartRequested}, 0, []string{"ALREADY_STARTED"}},
		{"signal during pre_start", states.Starting, duringHookWithoutChild(PreStart), Input{Kind: SignalRequested, Signal: 1}, 0, []string{"NOT_RUNNING"}},
		{"batch started during pre_start", states.Starting, combine(duringHookWithoutChild(PreStart), func(m *Machine) { m.conf.StartSecs, m.inBatch = 0, true }),
			Input{Kind: BatchStarted}, 0, nil},
		{"stop during pre_start", states.Starting, duringHookWithoutChild(PreStart), Input{Kind: StopRequested}, 0, []string{"STARTING->STOPPING", "cancel hook"}},
		{"pre_start cancelled by a stop", states.Stopping, duringHookWithoutChild(PreStart), hookFailed(PreStart, "pre_start was cut short"), 0, []string{"STOPPING->STOPPED"}},
		{"pre_start ended by a stop, start pending", states.Stopping, combine(duringHookWithoutChild(PreStart), pending), hookDone(PreStart), 0,
			[]string{"STOPPING->STOPPED", "STOPPED->STARTING", "pre_start"}},
		{"another hook ended", states.Starting, duringHookWithoutChild(PreStart), hookDone(PostStop), 0, nil},
		{"startsecs over", states.Starting, setHooks, Input{Kind: TimerFired}, time.Second, []string{"STARTING->RUNNING", success, "post_start"}},
		{"post_start ended", states.Running, duringHook(PostStart), hookDone(PostStart), 0, nil},
		{"post_start failed", states.Running, duringHook(PostStart), hookFailed(PostStart, "post_start exited with status 1"), 0,
			[]string{"p: post_start exited with status 1"}},
		{"exit during post_start", states.Running, combine(duringHook(PostStart), withAutorestart(config.RestartNever)), exitedWith(0), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 0; expected)", "cancel hook", "post_stop"}},
		{"stop during post_start", states.Running, duringHook(PostStart), Input{Kind: StopRequested}, 0, []string{"cancel hook", "RUNNING->STOPPING", "pre_stop"}},
	})
}

func TestStopHookSteps(t *testing.T) {
	t.Parallel()
	noPostStop := func(m *Machine) { m.conf.Hooks.PostStop = "" }
	testSteps(t, []stepTest{
		{"stop", states.Running, setHooks, Input{Kind: StopRequested}, 0, []string{"RUNNING->STOPPING", "pre_stop"}},
		{"stop while STARTING", states.Starting, setHooks, Input{Kind: StopRequested}, 0, []string{"STARTING->STOPPING", "pre_stop"}},
		{"shutdown", states.Running, combine(setHooks, noStarts), Input{Kind: ShutdownRequested}, 0, []string{"RUNNING->STOPPING", "pre_stop"}},
		{"pre_stop ended", states.Stopping, duringHook(PreStop), hookDone(PreStop), 0, []string{"timer 10s", "signal SIGTERM"}},
		{"pre_stop failed", states.Stopping, duringHook(PreStop), hookFailed(PreStop, "pre_stop timed out after 30s"), 0,
			[]string{"p: pre_stop timed out after 30s", "timer 10s", "signal SIGTERM"}},
		{"exit during pre_stop", states.Stopping, duringHook(PreStop), exitedWith(0), 0, []string{"stop timer", "stopped: p (exit status 0)"}},
		{"pre_stop ended after the exit", states.Stopping, duringHookWithoutChild(PreStop), hookDone(PreStop), 0, []string{"post_stop"}},
		{"pre_stop ended after the exit, no post_stop", states.Stopping, combine(duringHookWithoutChild(PreStop), noPostStop), hookDone(PreStop), 0, []string{"STOPPING->STOPPED"}},
		{"SIGKILL during pre_stop", states.Stopping, duringHook(PreStop), Input{Kind: TimerFired}, 0,
			[]string{"cancel hook", "killing 'p' (7) with SIGKILL", "timer 10s", "signal SIGKILL"}},
	})
}

func TestPostStopSteps(t *testing.T) {
	t.Parallel()
	pending := func(m *Machine) { m.StartPending = true }
	testSteps(t, []stepTest{
		{"child exited", states.Stopping, setHooks, exitedWith(0), 0, []string{"stop timer", "post_stop", "stopped: p (exit status 0)"}},
		{"timer during post_stop", states.Stopping, duringHookWithoutChild(PostStop), Input{Kind: TimerFired}, 0, nil},
		{"signal during post_stop", states.Stopping, duringHookWithoutChild(PostStop), Input{Kind: SignalRequested, Signal: 1}, 0, []string{"NOT_RUNNING"}},
		{"post_stop ended", states.Stopping, duringHookWithoutChild(PostStop), hookDone(PostStop), 0, []string{"STOPPING->STOPPED"}},
		{"post_stop failed", states.Stopping, duringHookWithoutChild(PostStop), hookFailed(PostStop, "no"), 0, []string{"p: no", "STOPPING->STOPPED"}},
		{"post_stop ended, start pending", states.Stopping, combine(duringHookWithoutChild(PostStop), pending), hookDone(PostStop), 0,
			[]string{"STOPPING->STOPPED", "STOPPED->STARTING", "pre_start"}},
		{"exit", states.Running, combine(setHooks, withAutorestart(config.RestartNever)), exitedWith(2), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "post_stop"}},
		{"exit and restart", states.Running, setHooks, exitedWith(2), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "post_stop", "EXITED->STARTING"}},
		{"post_stop ended before a start", states.Starting, duringHookWithoutChild(PostStop), hookDone(PostStop), 0, []string{"pre_start"}},
		{"post_stop failed before a start", states.Starting, duringHookWithoutChild(PostStop), hookFailed(PostStop, "no"), 0, []string{"p: no", "pre_start"}},
		{"post_stop ended, starts forbidden", states.Starting, combine(duringHookWithoutChild(PostStop), noStarts), hookDone(PostStop), 0, []string{"STARTING->BACKOFF"}},
		{"stop during post_stop", states.Starting, duringHookWithoutChild(PostStop), Input{Kind: StopRequested}, 0, []string{"STARTING->STOPPING"}},
		{"exit within startsecs", states.Starting, setHooks, exitedWith(1), 0,
			[]string{"STARTING->BACKOFF", "exited: p (exit status 1; not expected)", "post_stop", "timer 1s"}},
		{"post_stop ended in BACKOFF", states.Backoff, duringHook(PostStop), hookDone(PostStop), 0, nil},
		{"retry during post_stop", states.Backoff, duringHook(PostStop), Input{Kind: TimerFired}, 0, []string{"BACKOFF->STARTING"}},
		{"start during post_stop", states.Fatal, duringHook(PostStop), Input{Kind: StartRequested}, 0, []string{"FATAL->STARTING"}},
	})
}

func TestAdoptedHookSteps(t *testing.T) {
	t.Parallel()
	testSteps(t, []stepTest{
		{"adopted during post_start", states.Stopped, setHooks, restoredWithHook(ChildAdopted, states.Running, PostStart), 0,
			[]string{"restore RUNNING", "adopted: 'p' with pid 9", "post_start"}},
		{"adopted during pre_stop", states.Stopped, setHooks, restoredWithHook(ChildAdopted, states.Stopping, PreStop), 0,
			[]string{"restore STOPPING", "adopted: 'p' with pid 9", "pre_stop"}},
		{"adopted during pre_stop, which is removed", states.Stopped, nil, restoredWithHook(ChildAdopted, states.Stopping, PreStop), 0,
			[]string{"restore STOPPING", "adopted: 'p' with pid 9", "timer 10s", "signal SIGTERM"}},
		{"adopted during pre_stop but unwanted", states.Stopped, setHooks, unwanted(restoredWithHook(ChildAdopted, states.Stopping, PreStop)), 0,
			[]string{"restore STOPPING", "adopted: 'p' with pid 9", "pre_stop"}},
		{"exit missed during pre_stop", states.Stopped, setHooks, restoredWithHook(ExitMissed, states.Stopping, PreStop), 0,
			[]string{"restore STOPPING", "stop timer", "post_stop", "stopped: p (exit status unknown)"}},
		{"restored during pre_start", states.Stopped, setHooks, restoredWithHook(StateRestored, states.Starting, PreStart), 0, []string{"restore BACKOFF", "timer 0s"}},
		{"restored during post_stop", states.Stopped, setHooks, restoredWithHook(StateRestored, states.Stopping, PostStop), 0, []string{"restore STOPPING", "post_stop"}},
		{"restored during post_stop, which is removed", states.Stopped, nil, restoredWithHook(StateRestored, states.Stopping, PostStop), 0,
			[]string{"restore STOPPING", "STOPPING->STOPPED"}},
		{"restored while stopping before the spawn", states.Stopped, setHooks, restoredWithHook(StateRestored, states.Stopping, PreStart), 0,
			[]string{"restore STOPPING", "STOPPING->STOPPED"}},
		{"restored EXITED during post_stop", states.Stopped, setHooks, restoredWithHook(StateRestored, states.Exited, PostStop), 0, []string{"restore EXITED", "post_stop"}},
		{"restored BACKOFF during post_stop", states.Stopped, setHooks, startDue(restoredWithHook(StateRestored, states.Backoff, PostStop)), 0,
			[]string{"restore BACKOFF", "post_stop", "timer 5s"}},
	})
}

// restoredWithHook is restored with a hook that was running.
func restoredWithHook(k Kind, state states.Process, h Hook) Input {
	in := restored(k, state)
	in.Saved.Hook = h
	return in
}

// TestRerunPostStopGetsExitStatus: an earlier daemon saw the exit, and post_stop runs
// again.
func TestRerunPostStopGetsExitStatus(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		state               states.Process
		status, shellStatus int
		want                spawn.Exit
	}{
		{states.Exited, 3, 3, spawn.Exit{Code: 3}},
		{states.Stopping, -1, 143, spawn.Exit{Code: -1, Signal: syscall.SIGTERM}},
		{states.Backoff, 0, 7, spawn.Exit{Code: 7}},
		{states.Fatal, 0, 137, spawn.Exit{Code: -1, Signal: syscall.SIGKILL}},
	} {
		in := restoredWithHook(StateRestored, tt.state, PostStop)
		in.Saved.ExitStatus, in.Saved.ShellStatus = tt.status, tt.shellStatus
		m := machineIn(states.Stopped)
		setHooks(m)
		var got []spawn.Exit
		for _, e := range m.Step(noon, in) {
			if h, ok := e.(RunHook); ok {
				got = append(got, h.Exit)
			}
		}
		if diff := cmp.Diff([]spawn.Exit{tt.want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.state, diff)
		}
	}
}
