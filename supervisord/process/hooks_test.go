package process

import (
	"fmt"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/spawn"
)

var allHooks = config.Hooks{PreStart: "a", PostStart: "b", PreStop: "c", PostStop: "d", Timeout: 30 * time.Second}

func hookDone(h Hook) input                { return input{kind: hookFinished, hook: h} }
func hookFailed(h Hook, text string) input { return input{kind: hookFinished, hook: h, text: text} }
func exitedWith(code int) input            { return input{kind: childExited, exit: spawn.Exit{Code: code}} }
func setHooks(m *machine)                  { m.conf.Hooks = allHooks }
func setRunningHook(h Hook, m *machine)    { setHooks(m); m.Hook = h }
func duringHook(h Hook) func(*machine)     { return func(m *machine) { setRunningHook(h, m) } }
func duringHookWithoutChild(h Hook) func(*machine) {
	return func(m *machine) { setRunningHook(h, m); m.PID = 0 }
}
func combine(change ...func(*machine)) func(*machine) {
	return func(m *machine) {
		for _, c := range change {
			c(m)
		}
	}
}

// TestHookSteps: each step that has to do with a hook.
func TestHookSteps(t *testing.T) {
	t.Parallel()
	const running = "success: p entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)"
	noPostStop := func(m *machine) { m.conf.Hooks.PostStop = "" }
	again := func(m *machine) { m.StartPending = true }
	for _, tt := range []struct {
		name  string
		state states.Process
		set   func(*machine)
		in    input
		age   time.Duration
		want  []string
	}{
		{"start", states.Stopped, setHooks, input{kind: startRequested}, 0, []string{"STOPPED->STARTING", "pre_start"}},
		{"prepared", states.Starting, duringHookWithoutChild(PreStart), hookDone(PreStart), 0, []string{"birth"}},
		{"not prepared", states.Starting, duringHookWithoutChild(PreStart), hookFailed(PreStart, "pre_start exited with status 2"), 0,
			[]string{"spawnerr: pre_start exited with status 2", "STARTING->BACKOFF", "arm 1s"}},
		{"not prepared for the last time", states.Starting, combine(duringHookWithoutChild(PreStart), func(m *machine) { m.Tries = 3 }), hookFailed(PreStart, "no"), 0,
			[]string{"spawnerr: no", "STARTING->BACKOFF", "BACKOFF->FATAL", "gave up: p entered FATAL state, too many start retries too quickly"}},
		{"prepared, but held", states.Starting, combine(duringHookWithoutChild(PreStart), noStarts), hookDone(PreStart), 0, []string{"STARTING->BACKOFF"}},
		{"start request while preparing", states.Starting, duringHookWithoutChild(PreStart), input{kind: startRequested}, 0, []string{"ALREADY_STARTED"}},
		{"signal while preparing", states.Starting, duringHookWithoutChild(PreStart), input{kind: signalRequested, sig: 1}, 0, []string{"NOT_RUNNING"}},
		{"round over while preparing", states.Starting, combine(duringHookWithoutChild(PreStart), func(m *machine) { m.conf.StartSecs, m.inBatch = 0, true }),
			input{kind: batchStarted}, 0, nil},
		{"stop while preparing", states.Starting, duringHookWithoutChild(PreStart), input{kind: stopRequested}, 0, []string{"STARTING->STOPPING", "cut"}},
		{"stopped while preparing", states.Stopping, duringHookWithoutChild(PreStart), hookFailed(PreStart, "cut"), 0, []string{"STOPPING->STOPPED"}},
		{"stopped while preparing, start wanted", states.Stopping, combine(duringHookWithoutChild(PreStart), again), hookDone(PreStart), 0,
			[]string{"STOPPING->STOPPED", "STOPPED->STARTING", "pre_start"}},
		{"the end of another hook", states.Starting, duringHookWithoutChild(PreStart), hookDone(PostStop), 0, nil},

		{"settled", states.Starting, setHooks, input{kind: timerFired}, time.Second, []string{"STARTING->RUNNING", running, "post_start"}},
		{"post_start over", states.Running, duringHook(PostStart), hookDone(PostStart), 0, nil},
		{"post_start failed", states.Running, duringHook(PostStart), hookFailed(PostStart, "post_start exited with status 1"), 0,
			[]string{"p: post_start exited with status 1"}},
		{"died during post_start", states.Running, combine(duringHook(PostStart), withAutorestart(config.RestartNever)), exitedWith(0), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 0; expected)", "cut", "post_stop"}},
		{"stop during post_start", states.Running, duringHook(PostStart), input{kind: stopRequested}, 0, []string{"cut", "RUNNING->STOPPING", "pre_stop"}},

		{"stop", states.Running, setHooks, input{kind: stopRequested}, 0, []string{"RUNNING->STOPPING", "pre_stop"}},
		{"stop while starting", states.Starting, setHooks, input{kind: stopRequested}, 0, []string{"STARTING->STOPPING", "pre_stop"}},
		{"abort", states.Running, combine(setHooks, noStarts), input{kind: shutdownRequested}, 0, []string{"RUNNING->STOPPING", "pre_stop"}},
		{"pre_stop over", states.Stopping, duringHook(PreStop), hookDone(PreStop), 0, []string{"arm 10s", "signal SIGTERM"}},
		{"pre_stop failed", states.Stopping, duringHook(PreStop), hookFailed(PreStop, "pre_stop timed out after 30s"), 0,
			[]string{"p: pre_stop timed out after 30s", "arm 10s", "signal SIGTERM"}},
		{"died during pre_stop", states.Stopping, duringHook(PreStop), exitedWith(0), 0, []string{"disarm", "stopped: p (exit status 0)"}},
		{"pre_stop over after the end", states.Stopping, duringHookWithoutChild(PreStop), hookDone(PreStop), 0, []string{"post_stop"}},
		{"and there is nothing more", states.Stopping, combine(duringHookWithoutChild(PreStop), noPostStop), hookDone(PreStop), 0, []string{"STOPPING->STOPPED"}},
		{"killed during pre_stop", states.Stopping, duringHook(PreStop), input{kind: timerFired}, 0,
			[]string{"cut", "killing 'p' (7) with SIGKILL", "arm 10s", "signal SIGKILL"}},

		{"obeyed", states.Stopping, setHooks, exitedWith(0), 0, []string{"disarm", "post_stop", "stopped: p (exit status 0)"}},
		{"the timer after the end", states.Stopping, duringHookWithoutChild(PostStop), input{kind: timerFired}, 0, nil},
		{"signal after the end", states.Stopping, duringHookWithoutChild(PostStop), input{kind: signalRequested, sig: 1}, 0, []string{"NOT_RUNNING"}},
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
		{"stop before it is mopped", states.Starting, duringHookWithoutChild(PostStop), input{kind: stopRequested}, 0, []string{"STARTING->STOPPING"}},
		{"died young", states.Starting, setHooks, exitedWith(1), 0,
			[]string{"STARTING->BACKOFF", "exited: p (exit status 1; not expected)", "post_stop", "arm 1s"}},
		{"mopped later", states.Backoff, duringHook(PostStop), hookDone(PostStop), 0, nil},
		{"retry before it is mopped", states.Backoff, duringHook(PostStop), input{kind: timerFired}, 0, []string{"BACKOFF->STARTING"}},
		{"start before it is mopped", states.Fatal, duringHook(PostStop), input{kind: startRequested}, 0, []string{"FATAL->STARTING"}},

		{"adopted during post_start", states.Stopped, setHooks, restoredWithHook(childAdopted, states.Running, PostStart), 0,
			[]string{"was RUNNING", "adopted: 'p' with pid 9", "post_start"}},
		{"adopted during pre_stop", states.Stopped, setHooks, restoredWithHook(childAdopted, states.Stopping, PreStop), 0,
			[]string{"was STOPPING", "adopted: 'p' with pid 9", "pre_stop"}},
		{"adopted during a pre_stop that is gone", states.Stopped, nil, restoredWithHook(childAdopted, states.Stopping, PreStop), 0,
			[]string{"was STOPPING", "adopted: 'p' with pid 9", "arm 10s", "signal SIGTERM"}},
		{"adopted during pre_stop and unwanted", states.Stopped, setHooks, unwanted(restoredWithHook(childAdopted, states.Stopping, PreStop)), 0,
			[]string{"was STOPPING", "adopted: 'p' with pid 9", "pre_stop"}},
		{"ended unseen during pre_stop", states.Stopped, setHooks, restoredWithHook(exitMissed, states.Stopping, PreStop), 0,
			[]string{"was STOPPING", "disarm", "post_stop", "stopped: p (exit status unknown)"}},
		{"recalled during pre_start", states.Stopped, setHooks, restoredWithHook(stateRestored, states.Starting, PreStart), 0, []string{"was BACKOFF", "arm 0s"}},
		{"recalled during post_stop", states.Stopped, setHooks, restoredWithHook(stateRestored, states.Stopping, PostStop), 0, []string{"was STOPPING", "post_stop"}},
		{"recalled during a post_stop that is gone", states.Stopped, nil, restoredWithHook(stateRestored, states.Stopping, PostStop), 0,
			[]string{"was STOPPING", "STOPPING->STOPPED"}},
		{"recalled while stopping before a birth", states.Stopped, setHooks, restoredWithHook(stateRestored, states.Stopping, PreStart), 0,
			[]string{"was STOPPING", "STOPPING->STOPPED"}},
		{"recalled during post_stop, exited", states.Stopped, setHooks, restoredWithHook(stateRestored, states.Exited, PostStop), 0, []string{"was EXITED", "post_stop"}},
		{"recalled during post_stop, due", states.Stopped, setHooks, startDue(restoredWithHook(stateRestored, states.Backoff, PostStop)), 0,
			[]string{"was BACKOFF", "post_stop", "arm 5s"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := machineIn(tt.state)
			if tt.set != nil {
				tt.set(m)
			}
			got := describe(m.step(m.Started.Add(tt.age), tt.in))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("effects (-want +got):\n%s", diff)
			}
		})
	}
}

func restoredWithHook(k kind, state states.Process, h Hook) input {
	in := restored(k, state)
	in.saved.Hook = h
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
					if runsWithoutChild(running, state) || kind == childSpawned || kind == spawnFailed || running == PreStop && flags>>7&1 != 0 {
						m.PID = 0
					}
					if (kind == childExited || kind == signalFailed || kind == childAdopted) && m.PID == 0 {
						continue // nobody is there to end
					}
					if (kind == childSpawned || kind == spawnFailed) && (running != NoHook || state != states.Starting) {
						continue // births come out of one step
					}
					if kind == timerFired && state == states.Starting && m.PID == 0 {
						continue // no timer runs
					}
					in := input{kind: kind, pid: 8, exit: spawn.Exit{Code: flags >> 8 & 1}, sig: 1, hook: Hook(flags>>9%4 + 1)}
					if flags>>10&1 != 0 {
						in.text, in.hook = "why", running
					}
					in.saved = &Status{PID: 8, State: states.All[flags%len(states.All)], Started: noon, Hook: Hook(flags % int(numHooks))}
					what := fmt.Sprintf("%s, %q, input %d (%s), flags %b", state, running, kind, in.hook, flags)
					effects := m.step(noon.Add(time.Minute), in)
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
		in := restoredWithHook(stateRestored, tt.state, PostStop)
		in.saved.ExitStatus, in.saved.ShellStatus = tt.status, tt.ending
		m := machineIn(states.Stopped)
		setHooks(m)
		var got []spawn.Exit
		for _, e := range m.step(noon, in) {
			if h, ok := e.(runHook); ok {
				got = append(got, h.exit)
			}
		}
		if diff := cmp.Diff([]spawn.Exit{tt.want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.state, diff)
		}
	}
}
