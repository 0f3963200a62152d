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

func over(h Hook) input                { return input{kind: hooked, hook: h} }
func failed(h Hook, text string) input { return input{kind: hooked, hook: h, text: text} }
func ended(code int) input             { return input{kind: exited, exit: spawn.Exit{Code: code}} }
func hooks(m *machine)                 { m.conf.Hooks = allHooks }
func under(h Hook, m *machine)         { hooks(m); m.Hook = h }
func during(h Hook) func(*machine)     { return func(m *machine) { under(h, m) } }
func before(h Hook) func(*machine)     { return func(m *machine) { under(h, m); m.PID = 0 } }
func but(change ...func(*machine)) func(*machine) {
	return func(m *machine) {
		for _, c := range change {
			c(m)
		}
	}
}

// TestCellsOfHooks: each step that has to do with a hook.
func TestCellsOfHooks(t *testing.T) {
	t.Parallel()
	const running = "success: p entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)"
	noPostStop := func(m *machine) { m.conf.Hooks.PostStop = "" }
	again := func(m *machine) { m.Again = true }
	for _, tt := range []struct {
		name  string
		state states.Process
		set   func(*machine)
		in    input
		age   time.Duration
		want  []string
	}{
		{"start", states.Stopped, hooks, input{kind: start}, 0, []string{"STOPPED->STARTING", "pre_start"}},
		{"prepared", states.Starting, before(PreStart), over(PreStart), 0, []string{"birth"}},
		{"not prepared", states.Starting, before(PreStart), failed(PreStart, "pre_start exited with status 2"), 0,
			[]string{"spawnerr: pre_start exited with status 2", "STARTING->BACKOFF", "arm 1s"}},
		{"not prepared for the last time", states.Starting, but(before(PreStart), func(m *machine) { m.Tries = 3 }), failed(PreStart, "no"), 0,
			[]string{"spawnerr: no", "STARTING->BACKOFF", "BACKOFF->FATAL", "gave up: p entered FATAL state, too many start retries too quickly"}},
		{"prepared, but held", states.Starting, but(before(PreStart), closing), over(PreStart), 0, []string{"STARTING->BACKOFF"}},
		{"start request while preparing", states.Starting, before(PreStart), input{kind: start}, 0, []string{"ALREADY_STARTED"}},
		{"signal while preparing", states.Starting, before(PreStart), input{kind: deliver, sig: 1}, 0, []string{"NOT_RUNNING"}},
		{"round over while preparing", states.Starting, but(before(PreStart), func(m *machine) { m.conf.StartSecs, m.inRound = 0, true }),
			input{kind: roundOver}, 0, nil},
		{"stop while preparing", states.Starting, before(PreStart), input{kind: stop}, 0, []string{"STARTING->STOPPING", "cut"}},
		{"stopped while preparing", states.Stopping, before(PreStart), failed(PreStart, "cut"), 0, []string{"STOPPING->STOPPED"}},
		{"stopped while preparing, start wanted", states.Stopping, but(before(PreStart), again), over(PreStart), 0,
			[]string{"STOPPING->STOPPED", "STOPPED->STARTING", "pre_start"}},
		{"the end of another hook", states.Starting, before(PreStart), over(PostStop), 0, nil},

		{"settled", states.Starting, hooks, input{kind: timeUp}, time.Second, []string{"STARTING->RUNNING", running, "post_start"}},
		{"post_start over", states.Running, during(PostStart), over(PostStart), 0, nil},
		{"post_start failed", states.Running, during(PostStart), failed(PostStart, "post_start exited with status 1"), 0,
			[]string{"p: post_start exited with status 1"}},
		{"died during post_start", states.Running, but(during(PostStart), restart(config.RestartNever)), ended(0), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 0; expected)", "cut", "post_stop"}},
		{"stop during post_start", states.Running, during(PostStart), input{kind: stop}, 0, []string{"cut", "RUNNING->STOPPING", "pre_stop"}},

		{"stop", states.Running, hooks, input{kind: stop}, 0, []string{"RUNNING->STOPPING", "pre_stop"}},
		{"stop while starting", states.Starting, hooks, input{kind: stop}, 0, []string{"STARTING->STOPPING", "pre_stop"}},
		{"abort", states.Running, but(hooks, closing), input{kind: abort}, 0, []string{"RUNNING->STOPPING", "pre_stop"}},
		{"pre_stop over", states.Stopping, during(PreStop), over(PreStop), 0, []string{"arm 10s", "signal SIGTERM"}},
		{"pre_stop failed", states.Stopping, during(PreStop), failed(PreStop, "pre_stop timed out after 30s"), 0,
			[]string{"p: pre_stop timed out after 30s", "arm 10s", "signal SIGTERM"}},
		{"died during pre_stop", states.Stopping, during(PreStop), ended(0), 0, []string{"disarm", "stopped: p (exit status 0)"}},
		{"pre_stop over after the end", states.Stopping, before(PreStop), over(PreStop), 0, []string{"post_stop"}},
		{"and there is nothing more", states.Stopping, but(before(PreStop), noPostStop), over(PreStop), 0, []string{"STOPPING->STOPPED"}},
		{"killed during pre_stop", states.Stopping, during(PreStop), input{kind: timeUp}, 0,
			[]string{"cut", "killing 'p' (7) with SIGKILL", "arm 10s", "signal SIGKILL"}},

		{"obeyed", states.Stopping, hooks, ended(0), 0, []string{"disarm", "post_stop", "stopped: p (exit status 0)"}},
		{"the timer after the end", states.Stopping, before(PostStop), input{kind: timeUp}, 0, nil},
		{"signal after the end", states.Stopping, before(PostStop), input{kind: deliver, sig: 1}, 0, []string{"NOT_RUNNING"}},
		{"post_stop over", states.Stopping, before(PostStop), over(PostStop), 0, []string{"STOPPING->STOPPED"}},
		{"post_stop failed", states.Stopping, before(PostStop), failed(PostStop, "no"), 0, []string{"p: no", "STOPPING->STOPPED"}},
		{"post_stop over, start wanted", states.Stopping, but(before(PostStop), again), over(PostStop), 0,
			[]string{"STOPPING->STOPPED", "STOPPED->STARTING", "pre_start"}},

		{"died", states.Running, but(hooks, restart(config.RestartNever)), ended(2), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "post_stop"}},
		{"died and is restarted", states.Running, hooks, ended(2), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "post_stop", "EXITED->STARTING"}},
		{"mopped before a start", states.Starting, before(PostStop), over(PostStop), 0, []string{"pre_start"}},
		{"not mopped before a start", states.Starting, before(PostStop), failed(PostStop, "no"), 0, []string{"p: no", "pre_start"}},
		{"mopped before a start that is held", states.Starting, but(before(PostStop), closing), over(PostStop), 0, []string{"STARTING->BACKOFF"}},
		{"stop before it is mopped", states.Starting, before(PostStop), input{kind: stop}, 0, []string{"STARTING->STOPPING"}},
		{"died young", states.Starting, hooks, ended(1), 0,
			[]string{"STARTING->BACKOFF", "exited: p (exit status 1; not expected)", "post_stop", "arm 1s"}},
		{"mopped later", states.Backoff, during(PostStop), over(PostStop), 0, nil},
		{"retry before it is mopped", states.Backoff, during(PostStop), input{kind: timeUp}, 0, []string{"BACKOFF->STARTING"}},
		{"start before it is mopped", states.Fatal, during(PostStop), input{kind: start}, 0, []string{"FATAL->STARTING"}},

		{"adopted during post_start", states.Stopped, hooks, pastWith(adopted, states.Running, PostStart), 0,
			[]string{"was RUNNING", "adopted: 'p' with pid 9", "post_start"}},
		{"adopted during pre_stop", states.Stopped, hooks, pastWith(adopted, states.Stopping, PreStop), 0,
			[]string{"was STOPPING", "adopted: 'p' with pid 9", "pre_stop"}},
		{"adopted during a pre_stop that is gone", states.Stopped, nil, pastWith(adopted, states.Stopping, PreStop), 0,
			[]string{"was STOPPING", "adopted: 'p' with pid 9", "arm 10s", "signal SIGTERM"}},
		{"adopted during pre_stop and unwanted", states.Stopped, hooks, unwanted(pastWith(adopted, states.Stopping, PreStop)), 0,
			[]string{"was STOPPING", "adopted: 'p' with pid 9", "pre_stop"}},
		{"ended unseen during pre_stop", states.Stopped, hooks, pastWith(missed, states.Stopping, PreStop), 0,
			[]string{"was STOPPING", "disarm", "post_stop", "stopped: p (exit status unknown)"}},
		{"recalled during pre_start", states.Stopped, hooks, pastWith(recalled, states.Starting, PreStart), 0, []string{"was BACKOFF", "arm 0s"}},
		{"recalled during post_stop", states.Stopped, hooks, pastWith(recalled, states.Stopping, PostStop), 0, []string{"was STOPPING", "post_stop"}},
		{"recalled during a post_stop that is gone", states.Stopped, nil, pastWith(recalled, states.Stopping, PostStop), 0,
			[]string{"was STOPPING", "STOPPING->STOPPED"}},
		{"recalled while stopping before a birth", states.Stopped, hooks, pastWith(recalled, states.Stopping, PreStart), 0,
			[]string{"was STOPPING", "STOPPING->STOPPED"}},
		{"recalled during post_stop, exited", states.Stopped, hooks, pastWith(recalled, states.Exited, PostStop), 0, []string{"was EXITED", "post_stop"}},
		{"recalled during post_stop, due", states.Stopped, hooks, due(pastWith(recalled, states.Backoff, PostStop)), 0,
			[]string{"was BACKOFF", "post_stop", "arm 5s"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := machineIn(tt.state)
			if tt.set != nil {
				tt.set(m)
			}
			got := tell(m.step(m.Started.Add(tt.age), tt.in))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("effects (-want +got):\n%s", diff)
			}
		})
	}
}

func pastWith(k kind, state states.Process, h Hook) input {
	in := past(k, state)
	in.past.Hook = h
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
					m.closing, m.Due, m.Again = flags&2 != 0, flags&4 != 0, flags&8 != 0
					m.conf.StartSecs, m.inRound = flags>>4&1, flags>>5&1 != 0
					m.conf.Autorestart = []config.Autorestart{config.RestartNever, config.RestartAlways}[flags>>6&1]
					if childlessIn(running, state) || kind == spawned || kind == spawnFailed || running == PreStop && flags>>7&1 != 0 {
						m.PID = 0
					}
					if (kind == exited || kind == signalFailed || kind == adopted) && m.PID == 0 {
						continue // nobody is there to end
					}
					if (kind == spawned || kind == spawnFailed) && (running != NoHook || state != states.Starting) {
						continue // births come out of one step
					}
					if kind == timeUp && state == states.Starting && m.PID == 0 {
						continue // no timer runs
					}
					in := input{kind: kind, pid: 8, exit: spawn.Exit{Code: flags >> 8 & 1}, sig: 1, hook: Hook(flags>>9%4 + 1)}
					if flags>>10&1 != 0 {
						in.text, in.hook = "why", running
					}
					in.past = &Status{PID: 8, State: states.All[flags%len(states.All)], Started: noon, Hook: Hook(flags % int(numHooks))}
					what := fmt.Sprintf("%s, %q, input %d (%s), flags %b", state, running, kind, in.hook, flags)
					effects := m.step(noon.Add(time.Minute), in)
					checkStep(t, what, m, state, effects)
				}
			}
		}
	}
}

// childlessIn tells whether a hook runs while there is no child.
func childlessIn(h Hook, s states.Process) bool {
	return h == PreStart || h == PostStop && s == states.Starting || h == PostStop && s == states.Stopping
}

// TestStartsecsBeginAfterPostStop: the time in which post_stop of the last child
// held up a birth is none that the next one has lived for.
func TestStartsecsBeginAfterPostStop(t *testing.T) {
	change := func(c *config.Process) {
		c.StartSecs, c.Hooks = 5, config.Hooks{PostStop: os.Args[0], Timeout: time.Minute}
	}
	inWorld(t, change, func(t *testing.T, w *world) {
		w.errandDoes = func(_ string, c *fakeChild) { time.AfterFunc(10*time.Second, func() { c.exit(0) }) }
		w.start(t)
		sleep(time.Minute)
		w.child.exit(1)
		sleep(11 * time.Second)
		w.expect(t, states.Starting)
		w.child.exit(1)
		w.expect(t, states.Backoff)
	})
}

// TestAKillEndsPostStop of a process that has no child any more: a shutdown waits
// for it.
func TestAKillEndsPostStop(t *testing.T) {
	for _, want := range []states.Process{states.Exited, states.Fatal, states.Stopped} {
		t.Run(want.String(), func(t *testing.T) {
			change := func(c *config.Process) {
				c.Autorestart, c.StartRetries = config.RestartNever, 0
				c.Hooks = config.Hooks{PostStop: os.Args[0], Timeout: config.Forever}
				if want == states.Stopped {
					c.StartRetries = 3
				}
			}
			inWorld(t, change, func(t *testing.T, w *world) {
				w.Start("p", false)
				if want == states.Exited {
					sleep(time.Minute)
				}
				w.child.exit(1)
				synctest.Wait()
				w.Hold()
				if want == states.Stopped {
					w.Kill("x", "p", false)
				}
				gone := w.Abort()
				sleep(time.Hour / 2)
				w.Kill("the end of the time for the shutdown", "p", false)
				begun := time.Now()
				if err := gone.Wait(t.Context()); err != nil || time.Since(begun) > 3*time.Second {
					t.Errorf("%v after %s", err, time.Since(begun))
				}
				w.expect(t, want)
			})
		})
	}
}

// TestPostStopThatIsRunAgainIsToldOfTheEnd: an earlier daemon has seen it.
func TestPostStopThatIsRunAgainIsToldOfTheEnd(t *testing.T) {
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
		in := pastWith(recalled, tt.state, PostStop)
		in.past.ExitStatus, in.past.Ending = tt.status, tt.ending
		m := machineIn(states.Stopped)
		hooks(m)
		var got []spawn.Exit
		for _, e := range m.step(noon, in) {
			if h, ok := e.(hook); ok {
				got = append(got, h.exit)
			}
		}
		if diff := cmp.Diff([]spawn.Exit{tt.want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.state, diff)
		}
	}
}
