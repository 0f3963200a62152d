package machine

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/spawn"
)

var allHooks = config.Hooks{PreStart: "a", PostStart: "b", PreStop: "c", PostStop: "d", Timeout: 30 * time.Second}

func hookDone(h Hook) Input                { return Input{Kind: HookFinished, Hook: h} }
func hookFailed(h Hook, text string) Input { return Input{Kind: HookFinished, Hook: h, Text: text} }
func exitedWith(code int) Input            { return Input{Kind: ChildExited, Exit: spawn.Exit{Code: code}} }
func setHooks(m *Machine)                  { m.conf.Hooks = allHooks }
func setRunningHook(h Hook, m *Machine)    { setHooks(m); m.Hook = h }
func duringHook(h Hook) func(*Machine)     { return func(m *Machine) { setRunningHook(h, m) } }
func duringHookWithoutChild(h Hook) func(*Machine) {
	return func(m *Machine) { setRunningHook(h, m); m.PID = 0 }
}
func combine(change ...func(*Machine)) func(*Machine) {
	return func(m *Machine) {
		for _, c := range change {
			c(m)
		}
	}
}

// TestHookSteps: each step that has to do with a hook.
func TestHookSteps(t *testing.T) {
	t.Parallel()
	const running = "success: p entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)"
	noPostStop := func(m *Machine) { m.conf.Hooks.PostStop = "" }
	again := func(m *Machine) { m.StartPending = true }
	for _, tt := range []struct {
		name  string
		state states.Process
		set   func(*Machine)
		in    Input
		age   time.Duration
		want  []string
	}{
		{"start", states.Stopped, setHooks, Input{Kind: StartRequested}, 0, []string{"STOPPED->STARTING", "pre_start"}},
		{"prepared", states.Starting, duringHookWithoutChild(PreStart), hookDone(PreStart), 0, []string{"birth"}},
		{"not prepared", states.Starting, duringHookWithoutChild(PreStart), hookFailed(PreStart, "pre_start exited with status 2"), 0,
			[]string{"spawnerr: pre_start exited with status 2", "STARTING->BACKOFF", "arm 1s"}},
		{"not prepared for the last time", states.Starting, combine(duringHookWithoutChild(PreStart), func(m *Machine) { m.Tries = 3 }), hookFailed(PreStart, "no"), 0,
			[]string{"spawnerr: no", "STARTING->BACKOFF", "BACKOFF->FATAL", "gave up: p entered FATAL state, too many start retries too quickly"}},
		{"prepared, but held", states.Starting, combine(duringHookWithoutChild(PreStart), noStarts), hookDone(PreStart), 0, []string{"STARTING->BACKOFF"}},
		{"start request while preparing", states.Starting, duringHookWithoutChild(PreStart), Input{Kind: StartRequested}, 0, []string{"ALREADY_STARTED"}},
		{"signal while preparing", states.Starting, duringHookWithoutChild(PreStart), Input{Kind: SignalRequested, Signal: 1}, 0, []string{"NOT_RUNNING"}},
		{"round over while preparing", states.Starting, combine(duringHookWithoutChild(PreStart), func(m *Machine) { m.conf.StartSecs, m.inBatch = 0, true }),
			Input{Kind: BatchStarted}, 0, nil},
		{"stop while preparing", states.Starting, duringHookWithoutChild(PreStart), Input{Kind: StopRequested}, 0, []string{"STARTING->STOPPING", "cut"}},
		{"stopped while preparing", states.Stopping, duringHookWithoutChild(PreStart), hookFailed(PreStart, "cut"), 0, []string{"STOPPING->STOPPED"}},
		{"stopped while preparing, start wanted", states.Stopping, combine(duringHookWithoutChild(PreStart), again), hookDone(PreStart), 0,
			[]string{"STOPPING->STOPPED", "STOPPED->STARTING", "pre_start"}},
		{"the end of another hook", states.Starting, duringHookWithoutChild(PreStart), hookDone(PostStop), 0, nil},

		{"settled", states.Starting, setHooks, Input{Kind: TimerFired}, time.Second, []string{"STARTING->RUNNING", running, "post_start"}},
		{"post_start over", states.Running, duringHook(PostStart), hookDone(PostStart), 0, nil},
		{"post_start failed", states.Running, duringHook(PostStart), hookFailed(PostStart, "post_start exited with status 1"), 0,
			[]string{"p: post_start exited with status 1"}},
		{"died during post_start", states.Running, combine(duringHook(PostStart), withAutorestart(config.RestartNever)), exitedWith(0), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 0; expected)", "cut", "post_stop"}},
		{"stop during post_start", states.Running, duringHook(PostStart), Input{Kind: StopRequested}, 0, []string{"cut", "RUNNING->STOPPING", "pre_stop"}},

		{"stop", states.Running, setHooks, Input{Kind: StopRequested}, 0, []string{"RUNNING->STOPPING", "pre_stop"}},
		{"stop while starting", states.Starting, setHooks, Input{Kind: StopRequested}, 0, []string{"STARTING->STOPPING", "pre_stop"}},
		{"abort", states.Running, combine(setHooks, noStarts), Input{Kind: ShutdownRequested}, 0, []string{"RUNNING->STOPPING", "pre_stop"}},
		{"pre_stop over", states.Stopping, duringHook(PreStop), hookDone(PreStop), 0, []string{"arm 10s", "signal SIGTERM"}},
		{"pre_stop failed", states.Stopping, duringHook(PreStop), hookFailed(PreStop, "pre_stop timed out after 30s"), 0,
			[]string{"p: pre_stop timed out after 30s", "arm 10s", "signal SIGTERM"}},
		{"died during pre_stop", states.Stopping, duringHook(PreStop), exitedWith(0), 0, []string{"disarm", "stopped: p (exit status 0)"}},
		{"pre_stop over after the end", states.Stopping, duringHookWithoutChild(PreStop), hookDone(PreStop), 0, []string{"post_stop"}},
		{"and there is nothing more", states.Stopping, combine(duringHookWithoutChild(PreStop), noPostStop), hookDone(PreStop), 0, []string{"STOPPING->STOPPED"}},
		{"killed during pre_stop", states.Stopping, duringHook(PreStop), Input{Kind: TimerFired}, 0,
			[]string{"cut", "killing 'p' (7) with SIGKILL", "arm 10s", "signal SIGKILL"}},

		{"obeyed", states.Stopping, setHooks, exitedWith(0), 0, []string{"disarm", "post_stop", "stopped: p (exit status 0)"}},
		{"the timer after the end", states.Stopping, duringHookWithoutChild(PostStop), Input{Kind: TimerFired}, 0, nil},
		{"signal after the end", states.Stopping, duringHookWithoutChild(PostStop), Input{Kind: SignalRequested, Signal: 1}, 0, []string{"NOT_RUNNING"}},
		{"post_stop over", states.Stopping, duringHookWithoutChild(PostStop), hookDone(PostStop), 0, []string{"STOPPING->STOPPED"}},
		{"post_stop failed", states.Stopping, duringHookWithoutChild(PostStop), hookFailed(PostStop, "no"), 0, []string{"p: no", "STOPPING->STOPPED"}},
		{"post_stop over, start wanted", states.Stopping, combine(duringHookWithoutChild(PostStop), again), hookDone(PostStop), 0,
			[]string{"STOPPING->STOPPED", "STOPPED->STARTING", "pre_start"}},

		{"died", states.Running, combine(setHooks, withAutorestart(config.RestartNever)), exitedWith(2), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "post_stop"}},
		{"died and is restarted", states.Running, setHooks, exitedWith(2), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "post_stop", "EXITED->STARTING"}},
		{"mopped before a start", states.Starting, duringHookWithoutChild(PostStop), hookDone(PostStop), 0, []string{"pre_start"}},
		{"not mopped before a start", states.Starting, duringHookWithoutChild(PostStop), hookFailed(PostStop, "no"), 0, []string{"p: no", "pre_start"}},
		{"mopped before a start that is held", states.Starting, combine(duringHookWithoutChild(PostStop), noStarts), hookDone(PostStop), 0, []string{"STARTING->BACKOFF"}},
		{"stop before it is mopped", states.Starting, duringHookWithoutChild(PostStop), Input{Kind: StopRequested}, 0, []string{"STARTING->STOPPING"}},
		{"died young", states.Starting, setHooks, exitedWith(1), 0,
			[]string{"STARTING->BACKOFF", "exited: p (exit status 1; not expected)", "post_stop", "arm 1s"}},
		{"mopped later", states.Backoff, duringHook(PostStop), hookDone(PostStop), 0, nil},
		{"retry before it is mopped", states.Backoff, duringHook(PostStop), Input{Kind: TimerFired}, 0, []string{"BACKOFF->STARTING"}},
		{"start before it is mopped", states.Fatal, duringHook(PostStop), Input{Kind: StartRequested}, 0, []string{"FATAL->STARTING"}},

		{"adopted during post_start", states.Stopped, setHooks, restoredWithHook(ChildAdopted, states.Running, PostStart), 0,
			[]string{"was RUNNING", "adopted: 'p' with pid 9", "post_start"}},
		{"adopted during pre_stop", states.Stopped, setHooks, restoredWithHook(ChildAdopted, states.Stopping, PreStop), 0,
			[]string{"was STOPPING", "adopted: 'p' with pid 9", "pre_stop"}},
		{"adopted during a pre_stop that is gone", states.Stopped, nil, restoredWithHook(ChildAdopted, states.Stopping, PreStop), 0,
			[]string{"was STOPPING", "adopted: 'p' with pid 9", "arm 10s", "signal SIGTERM"}},
		{"adopted during pre_stop and unwanted", states.Stopped, setHooks, unwanted(restoredWithHook(ChildAdopted, states.Stopping, PreStop)), 0,
			[]string{"was STOPPING", "adopted: 'p' with pid 9", "pre_stop"}},
		{"ended unseen during pre_stop", states.Stopped, setHooks, restoredWithHook(ExitMissed, states.Stopping, PreStop), 0,
			[]string{"was STOPPING", "disarm", "post_stop", "stopped: p (exit status unknown)"}},
		{"recalled during pre_start", states.Stopped, setHooks, restoredWithHook(StateRestored, states.Starting, PreStart), 0, []string{"was BACKOFF", "arm 0s"}},
		{"recalled during post_stop", states.Stopped, setHooks, restoredWithHook(StateRestored, states.Stopping, PostStop), 0, []string{"was STOPPING", "post_stop"}},
		{"recalled during a post_stop that is gone", states.Stopped, nil, restoredWithHook(StateRestored, states.Stopping, PostStop), 0,
			[]string{"was STOPPING", "STOPPING->STOPPED"}},
		{"recalled while stopping before a birth", states.Stopped, setHooks, restoredWithHook(StateRestored, states.Stopping, PreStart), 0,
			[]string{"was STOPPING", "STOPPING->STOPPED"}},
		{"recalled during post_stop, exited", states.Stopped, setHooks, restoredWithHook(StateRestored, states.Exited, PostStop), 0, []string{"was EXITED", "post_stop"}},
		{"recalled during post_stop, due", states.Stopped, setHooks, startDue(restoredWithHook(StateRestored, states.Backoff, PostStop)), 0,
			[]string{"was BACKOFF", "post_stop", "arm 5s"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := machineIn(tt.state)
			if tt.set != nil {
				tt.set(m)
			}
			got := describe(m.Step(m.Started.Add(tt.age), tt.in))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("effects (-want +got):\n%s", diff)
			}
		})
	}
}

func restoredWithHook(k Kind, state states.Process, h Hook) Input {
	in := restored(k, state)
	in.Saved.Hook = h
	return in
}

// TestEveryStateTakesEveryInputWithHooks is the walk for a process with hooks,
// each of which is under way where it can be.
func TestEveryStateTakesEveryInputWithHooks(t *testing.T) {
	t.Parallel()
	where := map[Hook][]states.Process{
		NoHook:    states.All[:],
		PreStart:  {states.Starting, states.Stopping},
		PostStart: {states.Running, states.Unknown},
		PreStop:   {states.Stopping, states.Unknown},
		PostStop:  {states.Stopped, states.Starting, states.Backoff, states.Stopping, states.Exited, states.Fatal},
	}
	for running, all := range where {
		for _, state := range all {
			for kind := range numKinds {
				for flags := range 1 << 11 {
					m := machineIn(state)
					m.conf.Hooks = allHooks
					if flags&1 != 0 {
						m.conf.Hooks.PostStop = ""
					}
					m.Hook = running
					m.noStarts, m.StartDue, m.StartPending = flags&2 != 0, flags&4 != 0, flags&8 != 0
					m.conf.StartSecs, m.inBatch = flags>>4&1, flags>>5&1 != 0
					m.conf.Autorestart = []config.Autorestart{config.RestartNever, config.RestartAlways}[flags>>6&1]
					if runsWithoutChild(running, state) || kind == ChildSpawned || kind == SpawnFailed || running == PreStop && flags>>7&1 != 0 {
						m.PID = 0
					}
					if (kind == ChildExited || kind == SignalFailed || kind == ChildAdopted) && m.PID == 0 {
						continue // nobody is there to end
					}
					if (kind == ChildSpawned || kind == SpawnFailed) && (running != NoHook || state != states.Starting) {
						continue // births come out of one step
					}
					if kind == TimerFired && state == states.Starting && m.PID == 0 {
						continue // no timer runs
					}
					in := Input{Kind: kind, PID: 8, Exit: spawn.Exit{Code: flags >> 8 & 1}, Signal: 1, Hook: Hook(flags>>9%4 + 1)}
					if flags>>10&1 != 0 {
						in.Text, in.Hook = "why", running
					}
					in.Saved = &Status{State: states.All[flags%len(states.All)], Hook: Hook(flags % int(numHooks)), ChildStatus: ChildStatus{PID: 8, Started: noon}}
					what := fmt.Sprintf("%s, %q, input %d (%s), flags %b", state, running, kind, in.Hook, flags)
					effects := m.Step(noon.Add(time.Minute), in)
					checkStep(t, what, m, state, effects)
				}
			}
		}
	}
}

// runsWithoutChild tells whether a hook runs while there is no child.
func runsWithoutChild(h Hook, s states.Process) bool {
	return h == PreStart || h == PostStop && s == states.Starting || h == PostStop && s == states.Stopping
}

// TestRerunPostStopGetsExitStatus: an earlier daemon has seen it.
func TestRerunPostStopGetsExitStatus(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		state          states.Process
		status, ending int
		want           spawn.Exit
	}{
		{states.Exited, 3, 3, spawn.Exit{Code: 3}},
		{states.Stopping, -1, 143, spawn.Exit{Code: -1, Signal: syscall.SIGTERM}},
		{states.Backoff, 0, 7, spawn.Exit{Code: 7}},
		{states.Fatal, 0, 137, spawn.Exit{Code: -1, Signal: syscall.SIGKILL}},
	} {
		in := restoredWithHook(StateRestored, tt.state, PostStop)
		in.Saved.ExitStatus, in.Saved.ShellStatus = tt.status, tt.ending
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
