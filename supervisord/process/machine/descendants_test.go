package machine

import (
	"testing"
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/spawn/descendants"
)

func TestDescendantsSteps(t *testing.T) {
	t.Parallel()
	testSteps(t, []stepTest{
		{"stop with stop_scope", states.Running, withTreeScope, Input{Kind: StopRequested}, 0, []string{"RUNNING->STOPPING", "timer 10s", "signal SIGTERM to the scope"}},
		{"stop_scope leader overrides stopasgroup", states.Running, func(m *Machine) { m.conf.StopAsGroup, m.conf.Stop.Scope = true, config.ScopeLeader },
			Input{Kind: StopRequested}, 0, []string{"RUNNING->STOPPING", "timer 10s", "signal SIGTERM"}},
		{"child exited, descendants in scope alive", states.Stopping, withTreeScope, withRemaining(exitedWith(0), inside), 0,
			[]string{"p (pid 7) has ended (exit status 0), waiting for the rest of its process tree: pid 9 (in)", "watch"}},
		{"child exited, descendants outside alive", states.Stopping, withTreeScope, withRemaining(exitedWith(0), outside), 0,
			[]string{"STOPPING->STOPPED", "stopped: p (exit status 0)", "left behind by p: pid 10 (out)"}},
		{"descendants timed out", states.Stopping, withLeaderExited, Input{Kind: TimerFired}, 0,
			[]string{"killing 'p' (7) with SIGKILL", "timer 10s", "signal SIGKILL to the scope"}},
		{"descendants exited", states.Stopping, withLeaderExited, Input{Kind: DescendantsExited}, 0, []string{"STOPPING->STOPPED", "stopped: p (exit status 0)"}},
		{"descendants spawned others", states.Stopping, withLeaderExited, withRemaining(Input{Kind: DescendantsExited}, inside), 0, []string{"watch"}},
		{"descendants exited while the child is alive", states.Stopping, withTreeScope, Input{Kind: DescendantsExited}, 0, nil},
		{"leftovers by default", states.Stopping, nil, withRemaining(exitedWith(0), outside), 0, []string{"STOPPING->STOPPED", "stopped: p (exit status 0)"}},
		{"leftovers reported", states.Stopping, withLeftovers(config.LeftoversReport), withRemaining(exitedWith(0), outside), 0,
			[]string{"STOPPING->STOPPED", "stopped: p (exit status 0)", "left behind by p: pid 10 (out)"}},
		{"leftovers ignored", states.Stopping, withLeftovers(config.LeftoversIgnore), withRemaining(exitedWith(0), outside), 0,
			[]string{"STOPPING->STOPPED", "stopped: p (exit status 0)"}},
		{"leftovers killed", states.Stopping, withLeftovers(config.LeftoversKill), withRemaining(exitedWith(0), outside), 0,
			[]string{"killing what p has left behind: pid 10 (out)", "timer 10s", "signal SIGKILL to all", "watch"}},
		{"leftovers survive SIGKILL", states.Stopping, func(m *Machine) {
			withLeftovers(config.LeftoversKill)(m)
			m.LeaderExited, m.killingLeftovers = true, true
		},
			Input{Kind: TimerFired}, 0, []string{"killing 'p' (7) with SIGKILL", "timer 10s", "signal SIGKILL to all"}},
		{"exit kills the scope", states.Running, withTreeScope, withRemaining(exitedWith(2), inside), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "killing what is left of the process tree of p: pid 9 (in)",
				"signal SIGKILL to the scope", "timer 200ms"}},
		{"early exit kills the scope", states.Starting, withTreeScope, withRemaining(exitedWith(2), inside), 0,
			[]string{"STARTING->BACKOFF", "exited: p (exit status 2; not expected)", "killing what is left of the process tree of p: pid 9 (in)",
				"signal SIGKILL to the scope", "timer 1s"}},
		{"exit of the child missed, descendants alive", states.Stopped, withTreeScope, withRemaining(restored(ExitMissed, states.Stopping), inside), time.Second,
			[]string{"restore STOPPING", "timer 4s", "p (pid 9) has ended (exit status unknown), waiting for the rest of its process tree: pid 9 (in)", "watch"}},
	})
}

// Descendants within and outside stop_scope.
var (
	inside  = descendants.Process{PID: 9, InScope: true, Command: "in"}
	outside = descendants.Process{PID: 10, Command: "out"}
)

// withRemaining adds descendants that are alive to an input.
func withRemaining(in Input, remaining ...descendants.Process) Input {
	in.Remaining = remaining
	return in
}

// withTreeScope sets a stop_scope of all descendants.
func withTreeScope(m *Machine) { m.conf.Stop.Scope = config.ScopeTree }

// withLeaderExited sets a stop whose child has exited while descendants are alive.
func withLeaderExited(m *Machine) { withTreeScope(m); m.LeaderExited = true }

// withLeftovers sets the option leftovers.
func withLeftovers(l config.Leftovers) func(*Machine) {
	return func(m *Machine) { m.conf.Stop.Leftovers, m.conf.Stop.LeftoversSet = l, true }
}
