package machine

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/signals"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/logs"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/spawn/descendants"
)

// defaultConf is a program with Supervisor's defaults.
func defaultConf() *config.Process {
	return &config.Process{
		Name: "p", Group: "g", Program: "p", Command: "/bin/p", Umask: -1,
		Autostart: true, Autorestart: config.RestartUnexpected, StartSecs: 1, StartRetries: 3,
		ExitCodes: []int{0}, StopSignal: syscall.SIGTERM, StopWaitSecs: 10,
	}
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// describe renders effects, one a word or line, for comparison.
func describe(effects []Effect) []string {
	var out []string
	for _, e := range effects {
		switch e := e.(type) {
		case SpawnChild:
			out = append(out, "birth")
		case SendSignal:
			whom := map[Target]string{ToGroup: " to the group", ToScope: " to the scope", ToAll: " to all"}[e.To]
			out = append(out, "signal "+signals.Name(e.Signal)+whom)
		case SetTimer:
			out = append(out, "arm "+e.After.String())
		case WatchDescendants:
			out = append(out, "watch")
		case StopTimer:
			out = append(out, "disarm")
		case PublishChange:
			out = append(out, fmt.Sprintf("%s->%s", e.From, e.To))
		case RestoreState:
			out = append(out, "was "+e.To.String())
		case LogLine:
			if e.Level > slog.LevelDebug {
				out = append(out, e.Text)
			}
		case ReportRestartLimit:
			out = append(out, "exhausted")
		case RunHook:
			out = append(out, e.Hook.String())
		case CancelHook:
			out = append(out, "cut")
		case Refuse:
			out = append(out, e.Code.String())
		}
	}
	return out
}

func TestSteps(t *testing.T) {
	t.Parallel()
	exit := func(code int) Input { return Input{Kind: ChildExited, Exit: spawn.Exit{Code: code}} }
	killed := Input{Kind: ChildExited, Exit: spawn.Exit{Code: -1, Signal: syscall.SIGKILL}}
	for _, tt := range []struct {
		name  string
		state states.Process
		set   func(*Machine)
		in    Input
		age   time.Duration // since the last birth
		want  []string
	}{
		{"start", states.Stopped, nil, Input{Kind: StartRequested}, 0, []string{"STOPPED->STARTING", "birth"}},
		{"start after exit", states.Exited, nil, Input{Kind: StartRequested}, 0, []string{"EXITED->STARTING", "birth"}},
		{"start after giving up", states.Fatal, nil, Input{Kind: StartRequested}, 0, []string{"FATAL->STARTING", "birth"}},
		{"start of a running one", states.Running, nil, Input{Kind: StartRequested}, 0, []string{"ALREADY_STARTED"}},
		{"start of a waiting one", states.Backoff, nil, Input{Kind: StartRequested}, 0, []string{"ALREADY_STARTED"}},
		{"start of an unknown one", states.Unknown, nil, Input{Kind: StartRequested}, 0, []string{"FAILED"}},
		{"start while stopping", states.Stopping, nil, Input{Kind: StartRequested}, 0, nil},
		{"start in shutdown", states.Stopped, noStarts, Input{Kind: StartRequested}, 0, []string{"SHUTDOWN_STATE"}},

		{"autostart", states.Stopped, func(m *Machine) { m.Started = time.Time{} }, Input{Kind: AutostartRequested}, 0, []string{"STOPPED->STARTING", "birth"}},
		{"autostart of one that was stopped", states.Stopped, nil, Input{Kind: AutostartRequested}, 0, nil},
		{"born in a round", states.Starting, func(m *Machine) { m.conf.StartSecs, m.inBatch = 0, true }, Input{Kind: ChildSpawned, PID: 9}, 0,
			[]string{"spawned: 'p' with pid 9"}},
		{"round over", states.Starting, func(m *Machine) { m.conf.StartSecs, m.inBatch = 0, true }, Input{Kind: BatchStarted}, 0,
			[]string{"STARTING->RUNNING", "success: p entered RUNNING state, process has stayed up for > than 0 seconds (startsecs)"}},
		{"round over too early", states.Starting, func(m *Machine) { m.inBatch = true }, Input{Kind: BatchStarted}, 0, nil},
		{"born", states.Starting, nil, Input{Kind: ChildSpawned, PID: 9}, 0, []string{"spawned: 'p' with pid 9", "arm 1s"}},
		{"born with startsecs 0", states.Starting, func(m *Machine) { m.conf.StartSecs = 0 }, Input{Kind: ChildSpawned, PID: 9}, 0,
			[]string{"spawned: 'p' with pid 9", "STARTING->RUNNING",
				"success: p entered RUNNING state, process has stayed up for > than 0 seconds (startsecs)"}},
		{"stillborn", states.Starting, nil, Input{Kind: SpawnFailed, Text: "why"}, 0,
			[]string{"spawnerr: why", "STARTING->BACKOFF", "arm 1s"}},
		{"stillborn for the last time", states.Starting, func(m *Machine) { m.Tries = 3 }, Input{Kind: SpawnFailed, Text: "why"}, 0,
			[]string{"spawnerr: why", "STARTING->BACKOFF", "BACKOFF->FATAL",
				"gave up: p entered FATAL state, too many start retries too quickly"}},

		{"too quick", states.Starting, nil, exit(0), 500 * time.Millisecond,
			[]string{"STARTING->BACKOFF", "exited: p (exit status 0; not expected)", "arm 1s"}},
		{"too quick the second time", states.Starting, func(m *Machine) { m.Tries = 1 }, exit(1), 0,
			[]string{"STARTING->BACKOFF", "exited: p (exit status 1; not expected)", "arm 2s"}},
		{"into the background", states.Starting, nil, Input{Kind: ChildExited, Exit: spawn.Exit{DaemonisedPID: 77}}, 0,
			[]string{"STARTING->BACKOFF", "exited: p (exit status 0; not expected)",
				"p seems to go into the background: it ended at once with status 0, but its process 77 lives on; " +
					"have its command stay in the foreground", "arm 1s"}},
		{"into the background again", states.Starting, func(m *Machine) { m.daemonisedReported = true },
			Input{Kind: ChildExited, Exit: spawn.Exit{DaemonisedPID: 77}}, 0,
			[]string{"STARTING->BACKOFF", "exited: p (exit status 0; not expected)", "arm 1s"}},
		{"a long life and heirs", states.Running, withAutorestart(config.RestartNever), Input{Kind: ChildExited, Exit: spawn.Exit{DaemonisedPID: 77}}, time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 0; expected)"}},
		{"exit overtakes the timer", states.Starting, nil, exit(0), time.Second,
			[]string{"STARTING->RUNNING", "RUNNING->EXITED", "exited: p (exit status 0; expected)"}},
		{"settled", states.Starting, nil, Input{Kind: TimerFired}, time.Second,
			[]string{"STARTING->RUNNING", "success: p entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)"}},

		{"expected exit", states.Running, nil, exit(0), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 0; expected)"}},
		{"unexpected exit", states.Running, nil, exit(2), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "EXITED->STARTING", "birth"}},
		{"killed", states.Running, nil, killed, time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (terminated by SIGKILL; not expected)", "EXITED->STARTING", "birth"}},
		{"restart takes a breath", states.Running, nil, exit(2), 300 * time.Millisecond,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "arm 700ms"}},
		{"autorestart always", states.Running, withAutorestart(config.RestartAlways), exit(0), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 0; expected)", "EXITED->STARTING", "birth"}},
		{"autorestart never", states.Running, withAutorestart(config.RestartNever), exit(2), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)"}},
		{"no restart in shutdown", states.Running, noStarts, exit(2), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)"}},
		{"restart is due", states.Exited, nil, Input{Kind: TimerFired}, 0, []string{"EXITED->STARTING", "birth"}},

		{"stop", states.Running, nil, Input{Kind: StopRequested}, 0, []string{"RUNNING->STOPPING", "arm 10s", "signal SIGTERM"}},
		{"stop as group", states.Running, func(m *Machine) { m.conf.StopAsGroup = true }, Input{Kind: StopRequested}, 0,
			[]string{"RUNNING->STOPPING", "arm 10s", "signal SIGTERM to the group"}},
		{"stop while starting", states.Starting, nil, Input{Kind: StopRequested}, 0, []string{"STARTING->STOPPING", "arm 10s", "signal SIGTERM"}},
		{"stop while waiting", states.Backoff, nil, Input{Kind: StopRequested}, 0, []string{"BACKOFF->STOPPED"}},
		{"stop while stopping", states.Stopping, nil, Input{Kind: StopRequested}, 0, []string{"NOT_RUNNING"}},
		{"stop before a restart", states.Exited, nil, Input{Kind: StopRequested}, 0, []string{"disarm", "NOT_RUNNING"}},
		{"stop of a stopped one", states.Stopped, nil, Input{Kind: StopRequested}, 0, []string{"NOT_RUNNING"}},
		{"disobedience", states.Stopping, nil, Input{Kind: TimerFired}, 0,
			[]string{"killing 'p' (7) with SIGKILL", "arm 10s", "signal SIGKILL"}},
		{"disobedience of a group", states.Stopping, func(m *Machine) { m.conf.KillAsGroup = true }, Input{Kind: TimerFired}, 0,
			[]string{"killing 'p' (7) with SIGKILL", "arm 10s", "signal SIGKILL to the group"}},
		{"obeyed", states.Stopping, nil, exit(0), 0, []string{"STOPPING->STOPPED", "stopped: p (exit status 0)"}},
		{"obeyed, start wanted", states.Stopping, func(m *Machine) { m.StartPending = true }, killed, 0,
			[]string{"STOPPING->STOPPED", "stopped: p (terminated by SIGKILL)", "STOPPED->STARTING", "birth"}},

		{"signal", states.Running, nil, Input{Kind: SignalRequested, Signal: syscall.SIGHUP}, 0, []string{"signal SIGHUP"}},
		{"signal while waiting", states.Backoff, nil, Input{Kind: SignalRequested, Signal: syscall.SIGHUP}, 0, []string{"NOT_RUNNING"}},
		{"signal refused by the kernel", states.Stopping, nil, Input{Kind: SignalFailed, Text: "why"}, 0,
			[]string{"why", "STOPPING->UNKNOWN", "FAILED"}},
		{"unknown one ends", states.Unknown, withAutorestart(config.RestartNever), exit(0), time.Minute,
			[]string{"UNKNOWN->EXITED", "exited: p (exit status 0; expected)"}},

		{"adopted", states.Stopped, nil, restored(ChildAdopted, states.Running), 0,
			[]string{"was RUNNING", "adopted: 'p' with pid 9"}},
		{"adopted while starting", states.Stopped, nil, restored(ChildAdopted, states.Starting), 300 * time.Millisecond,
			[]string{"was STARTING", "adopted: 'p' with pid 9", "arm 700ms"}},
		{"adopted after startsecs", states.Stopped, nil, restored(ChildAdopted, states.Starting), time.Minute,
			[]string{"was STARTING", "adopted: 'p' with pid 9", "arm 0s"}},
		{"adopted while stopping", states.Stopped, nil, restored(ChildAdopted, states.Stopping), time.Second,
			[]string{"was STOPPING", "adopted: 'p' with pid 9", "arm 4s"}},
		{"adopted although none was known", states.Stopped, nil, restored(ChildAdopted, states.Exited), time.Minute,
			[]string{"was STARTING", "adopted: 'p' with pid 9", "arm 1s"}},
		{"adopted to be stopped", states.Stopped, nil, unwanted(restored(ChildAdopted, states.Running)), 0,
			[]string{"was RUNNING", "adopted: 'p' with pid 9", "RUNNING->STOPPING", "arm 10s", "signal SIGTERM"}},
		{"ended unseen", states.Stopped, nil, restored(ExitMissed, states.Running), time.Minute,
			[]string{"was RUNNING", "RUNNING->EXITED", "exited: p (exit status unknown; not expected)", "EXITED->STARTING", "birth"}},
		{"ended unseen, not to be restarted", states.Stopped, withAutorestart(config.RestartNever), restored(ExitMissed, states.Running), time.Minute,
			[]string{"was RUNNING", "RUNNING->EXITED", "exited: p (exit status unknown; not expected)"}},
		{"ended young, unseen", states.Stopped, nil, restored(ExitMissed, states.Starting), 500 * time.Millisecond,
			[]string{"was STARTING", "STARTING->BACKOFF", "exited: p (exit status unknown; not expected)", "arm 1s"}},
		{"obeyed unseen", states.Stopped, nil, restored(ExitMissed, states.Stopping), time.Minute,
			[]string{"was STOPPING", "STOPPING->STOPPED", "stopped: p (exit status unknown)"}},
		{"about to be born", states.Stopped, nil, restored(StateRestored, states.Starting), 0, []string{"was BACKOFF", "arm 0s"}},
		{"was stopped", states.Stopped, nil, restored(StateRestored, states.Stopped), time.Minute, []string{"was STOPPED"}},
		{"had been given up", states.Stopped, nil, restored(StateRestored, states.Fatal), time.Minute, []string{"was FATAL"}},
		{"waited for its next attempt", states.Stopped, nil, startDue(restored(StateRestored, states.Backoff)), time.Second,
			[]string{"was BACKOFF", "arm 4s"}},

		{"first step", states.Running, withStopSequence, Input{Kind: StopRequested}, 0, []string{"RUNNING->STOPPING", "arm 20s", "signal SIGQUIT"}},
		{"next step", states.Stopping, withStopSequence, Input{Kind: TimerFired}, 0,
			[]string{"signalling 'p' (7) with SIGTERM, as it has not ended", "arm 10s", "signal SIGTERM"}},
		{"last step", states.Stopping, func(m *Machine) { withStopSequence(m); m.StopStep = 1 }, Input{Kind: TimerFired}, 0,
			[]string{"killing 'p' (7) with SIGKILL", "arm 10s", "signal SIGKILL"}},
		{"beyond the last step", states.Stopping, func(m *Machine) { withStopSequence(m); m.StopStep = 2 }, Input{Kind: TimerFired}, 0,
			[]string{"killing 'p' (7) with SIGKILL", "arm 10s", "signal SIGKILL"}},
		{"a step without a time", states.Running, func(m *Machine) { m.conf.Stop.Sequence = []config.StopStep{{Signal: syscall.SIGINT}} },
			Input{Kind: StopRequested}, 0, []string{"RUNNING->STOPPING", "arm 10s", "signal SIGINT"}},
		{"nothing but SIGKILL", states.Running, func(m *Machine) {
			m.conf.Stop.Sequence = []config.StopStep{{Signal: syscall.SIGKILL, Wait: 3 * time.Second}}
		}, Input{Kind: StopRequested}, 0, []string{"killing 'p' (7) with SIGKILL", "RUNNING->STOPPING", "arm 3s", "signal SIGKILL"}},
		{"kill", states.Running, nil, Input{Kind: KillRequested}, 0,
			[]string{"killing 'p' (7) with SIGKILL", "RUNNING->STOPPING", "arm 10s", "signal SIGKILL"}},
		{"kill while stopping", states.Stopping, withStopSequence, Input{Kind: KillRequested}, 0,
			[]string{"killing 'p' (7) with SIGKILL", "arm 10s", "signal SIGKILL"}},
		{"kill the scope", states.Starting, withTreeScope, Input{Kind: KillRequested}, 0,
			[]string{"killing 'p' (7) with SIGKILL", "STARTING->STOPPING", "arm 10s", "signal SIGKILL to the scope"}},
		{"kill while waiting", states.Backoff, nil, Input{Kind: KillRequested}, 0, []string{"BACKOFF->STOPPED"}},
		{"kill of a stopped one", states.Stopped, nil, Input{Kind: KillRequested}, 0, []string{"NOT_RUNNING"}},
		{"kill before a restart", states.Exited, nil, Input{Kind: KillRequested}, 0, []string{"disarm", "NOT_RUNNING"}},
		{"stop a scope", states.Running, withTreeScope, Input{Kind: StopRequested}, 0, []string{"RUNNING->STOPPING", "arm 10s", "signal SIGTERM to the scope"}},
		{"stop the leader alone", states.Running, func(m *Machine) { m.conf.StopAsGroup, m.conf.Stop.Scope = true, config.ScopeLeader },
			Input{Kind: StopRequested}, 0, []string{"RUNNING->STOPPING", "arm 10s", "signal SIGTERM"}},
		{"obeyed by the child alone", states.Stopping, withTreeScope, withRemaining(exit(0), inside), 0,
			[]string{"p (pid 7) has ended (exit status 0), waiting for the rest of its process tree: pid 9 (in)", "watch"}},
		{"obeyed by all inside", states.Stopping, withTreeScope, withRemaining(exit(0), outside), 0,
			[]string{"STOPPING->STOPPED", "stopped: p (exit status 0)", "left behind by p: pid 10 (out)"}},
		{"disobedience of the rest", states.Stopping, withLeaderExited, Input{Kind: TimerFired}, 0,
			[]string{"killing 'p' (7) with SIGKILL", "arm 10s", "signal SIGKILL to the scope"}},
		{"the rest has ended", states.Stopping, withLeaderExited, Input{Kind: DescendantsExited}, 0, []string{"STOPPING->STOPPED", "stopped: p (exit status 0)"}},
		{"the rest has had children", states.Stopping, withLeaderExited, withRemaining(Input{Kind: DescendantsExited}, inside), 0, []string{"watch"}},
		{"deserted while the child lives", states.Stopping, withTreeScope, Input{Kind: DescendantsExited}, 0, nil},
		{"leftovers by default", states.Stopping, nil, withRemaining(exit(0), outside), 0, []string{"STOPPING->STOPPED", "stopped: p (exit status 0)"}},
		{"leftovers reported", states.Stopping, withLeftovers(config.LeftoversReport), withRemaining(exit(0), outside), 0,
			[]string{"STOPPING->STOPPED", "stopped: p (exit status 0)", "left behind by p: pid 10 (out)"}},
		{"leftovers ignored", states.Stopping, withLeftovers(config.LeftoversIgnore), withRemaining(exit(0), outside), 0,
			[]string{"STOPPING->STOPPED", "stopped: p (exit status 0)"}},
		{"leftovers killed", states.Stopping, withLeftovers(config.LeftoversKill), withRemaining(exit(0), outside), 0,
			[]string{"killing what p has left behind: pid 10 (out)", "arm 10s", "signal SIGKILL to all", "watch"}},
		{"leftovers do not die", states.Stopping, func(m *Machine) {
			withLeftovers(config.LeftoversKill)(m)
			m.LeaderExited, m.killingLeftovers = true, true
		},
			Input{Kind: TimerFired}, 0, []string{"killing 'p' (7) with SIGKILL", "arm 10s", "signal SIGKILL to all"}},
		{"an end by itself takes the scope along", states.Running, withTreeScope, withRemaining(exit(2), inside), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "killing what is left of the process tree of p: pid 9 (in)",
				"signal SIGKILL to the scope", "arm 200ms"}},
		{"an early end does too", states.Starting, withTreeScope, withRemaining(exit(2), inside), 0,
			[]string{"STARTING->BACKOFF", "exited: p (exit status 2; not expected)", "killing what is left of the process tree of p: pid 9 (in)",
				"signal SIGKILL to the scope", "arm 1s"}},
		{"the child obeyed unseen", states.Stopped, withTreeScope, withRemaining(restored(ExitMissed, states.Stopping), inside), time.Second,
			[]string{"was STOPPING", "arm 4s", "p (pid 9) has ended (exit status unknown), waiting for the rest of its process tree: pid 9 (in)", "watch"}},

		{"restart delay", states.Running, withRestartDelay, exit(2), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "arm 5s"}},
		{"restart delay grows", states.Running, func(m *Machine) { withRestartDelay(m); m.RestartsInRow = 2 }, exit(2), 10 * time.Second,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "arm 20s"}},
		{"restart delay has a limit", states.Running, func(m *Machine) { withRestartDelay(m); m.RestartsInRow = 2000 }, exit(2), 10 * time.Second,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "arm 40s"}},
		{"restart delay after a long life", states.Running, func(m *Machine) { withRestartDelay(m); m.RestartsInRow = 3 }, exit(2), 40 * time.Second,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "arm 5s"}},
		{"retry after a restart delay", states.Starting, func(m *Machine) { withRestartDelay(m); m.RestartsInRow = 1 }, exit(2), 0,
			[]string{"STARTING->BACKOFF", "exited: p (exit status 2; not expected)", "arm 10s"}},
		{"jitter, the least", states.Running, withJitter, exit(2), time.Hour,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "arm 4s"}},
		{"jitter, the most", states.Running, withJitter, Input{Kind: ChildExited, Exit: spawn.Exit{Code: 2}, Random: 1}, time.Hour,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "arm 6s"}},
		{"growth alone", states.Running, func(m *Machine) {
			m.conf.Restart.BackoffFactor, m.conf.Restart.Max, m.RestartsInRow = 3, config.Forever, 1
		}, exit(2), 0,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "arm 3s"}},
		{"the last restart in the budget", states.Running, withRestartsUsed(1), exit(2), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "EXITED->STARTING", "birth"}},
		{"restart beyond the budget", states.Running, withRestartsUsed(2), exit(2), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "EXITED->FATAL",
				"gave up: p entered FATAL state, 2 restarts within 10m (restart_limit)", "exhausted"}},
		{"restart when the budget has come back", states.Running, withRestartsUsed(2), exit(2), 10 * time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "EXITED->STARTING", "birth"}},
		{"retry beyond the budget", states.Starting, withRestartsUsed(2), exit(2), 0,
			[]string{"STARTING->BACKOFF", "exited: p (exit status 2; not expected)", "BACKOFF->FATAL",
				"gave up: p entered FATAL state, 2 restarts within 10m (restart_limit)", "exhausted"}},
		{"an expected end costs nothing", states.Running, withRestartsUsed(2), exit(0), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 0; expected)"}},
		{"an operator has no budget", states.Stopped, withRestartsUsed(2), Input{Kind: StartRequested}, 0, []string{"STOPPED->STARTING", "birth"}},
		{"health has", states.Stopped, withRestartsUsed(2), Input{Kind: StartRequested, By: ByHealth}, 0,
			[]string{"STOPPED->FATAL", "gave up: p entered FATAL state, 2 restarts within 10m (restart_limit)", "exhausted", "ABNORMAL_TERMINATION"}},
		{"health in vain", states.Fatal, withRestartsUsed(2), Input{Kind: StartRequested, By: ByHealth}, 0, []string{"ABNORMAL_TERMINATION"}},
		{"reset", states.Fatal, withRestartsUsed(2), Input{Kind: ResetRequested}, 0, nil},
		{"reset leaves what is due", states.Backoff, func(m *Machine) { m.StartDue = true }, Input{Kind: ResetRequested}, 0, nil},

		{"delay", states.Stopped, nil, Input{Kind: StartDeferred, Text: "db:ready"}, 0, nil},
		{"delay of a restart", states.Exited, func(m *Machine) { m.StartDue = true }, Input{Kind: StartDeferred, Text: "db:ready"}, 0, []string{"disarm"}},
		{"autostart after a delay", states.Stopped, startWaiting, Input{Kind: AutostartRequested}, 0, []string{"STOPPED->STARTING", "birth"}},
		{"autostart of an exited one", states.Exited, nil, Input{Kind: AutostartRequested}, 0, nil},
		{"autostart of an exited one after a delay", states.Exited, startWaiting, Input{Kind: AutostartRequested}, 0, []string{"EXITED->STARTING", "birth"}},
		{"autostart of a failed one after a delay", states.Fatal, startWaiting, Input{Kind: AutostartRequested}, 0, []string{"FATAL->STARTING", "birth"}},
		{"autostart of a declined one", states.Stopped, func(m *Machine) { m.Started, m.StartCancelled = time.Time{}, true }, Input{Kind: AutostartRequested}, 0, nil},
		{"start of a delayed one", states.Stopped, startWaiting, Input{Kind: StartRequested}, 0, []string{"STOPPED->STARTING", "birth"}},
		{"stop of a delayed one", states.Stopped, startWaiting, Input{Kind: StopRequested}, 0, nil},
		{"stop of a delayed one that exited", states.Exited, startWaiting, Input{Kind: StopRequested}, 0, nil},
		{"stop of a delayed one on its way out", states.Stopping, startWaiting, Input{Kind: StopRequested}, 0, nil},
		{"forsaken", states.Stopped, startWaiting, Input{Kind: DependencyFailed, Text: "db was not ready within 2m"}, 0,
			[]string{"STOPPED->FATAL", "gave up: p entered FATAL state, db was not ready within 2m"}},
		{"forsaken when it waits no more", states.Stopped, nil, Input{Kind: DependencyFailed, Text: "why"}, 0, nil},

		{"hold cancels a retry", states.Backoff, func(m *Machine) { m.StartDue = true }, Input{Kind: StartsForbidden}, 0, []string{"disarm"}},
		{"release brings it back", states.Backoff, func(m *Machine) { m.StartDue, m.noStarts = true, true }, Input{Kind: StartsAllowed}, 0, []string{"arm 0s"}},
		{"abort while waiting", states.Backoff, noStarts, Input{Kind: ShutdownRequested}, 0, []string{"BACKOFF->FATAL"}},
		{"abort while running", states.Running, noStarts, Input{Kind: ShutdownRequested}, 0, []string{"RUNNING->STOPPING", "arm 10s", "signal SIGTERM"}},
		{"abort of a stopped one", states.Stopped, noStarts, Input{Kind: ShutdownRequested}, 0, nil},
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

// withStopSequence has a stop_sequence.
func withStopSequence(m *Machine) {
	m.conf.Stop.Sequence = []config.StopStep{
		{Signal: syscall.SIGQUIT, Wait: 20 * time.Second}, {Signal: syscall.SIGTERM, Wait: 10 * time.Second}, {Signal: syscall.SIGKILL},
	}
}

// withTreeScope has all descendants stopped.
func withTreeScope(m *Machine) { m.conf.Stop.Scope = config.ScopeTree }

// withLeaderExited waits for what a child has left.
func withLeaderExited(m *Machine) { withTreeScope(m); m.LeaderExited = true }

func withLeftovers(l config.Leftovers) func(*Machine) {
	return func(m *Machine) { m.conf.Stop.Leftovers, m.conf.Stop.LeftoversSet = l, true }
}

var (
	inside  = descendants.Process{PID: 9, InScope: true, Command: "in"}
	outside = descendants.Process{PID: 10, Command: "out"}
)

func withRemaining(in Input, remaining ...descendants.Process) Input {
	in.Remaining = remaining
	return in
}

// withRestartDelay has restarts delayed.
func withRestartDelay(m *Machine) {
	m.conf.Restart = config.RestartPolicy{Delay: 5 * time.Second, BackoffFactor: 2, Max: 40 * time.Second}
}

func withJitter(m *Machine) {
	m.conf.Restart = config.RestartPolicy{Delay: 5 * time.Second, BackoffFactor: 1, Max: config.Forever, Jitter: 0.2}
}

// withRestartsUsed is a budget of two restarts in ten minutes, of which n are used up.
func withRestartsUsed(n int) func(*Machine) {
	return func(m *Machine) {
		m.conf.Restart = config.RestartPolicy{BackoffFactor: 1, Max: config.Forever, Limit: 2, Window: 10 * time.Minute}
		times := slices.Repeat([]time.Time{noon}, n)
		m.Restarts = &times
	}
}

// restored is an input about what was before the daemon.
func restored(k Kind, state states.Process) Input {
	in := Input{Kind: k, Exit: spawn.Exit{Code: -1}, Adoption: Adoption{LostDaemon: k == ExitMissed}}
	in.Saved = &Status{State: state, Deadline: noon.Add(5 * time.Second), ChildStatus: ChildStatus{Started: noon}}
	if k != StateRestored {
		in.Saved.PID = 9
	}
	return in
}

func unwanted(in Input) Input { in.Unwanted = true; return in }
func startDue(in Input) Input { in.Saved.StartDue = true; return in }

// awaitingReady has a machine be one whose child has a minute to get ready.
func awaitingReady(m *Machine) {
	m.conf.Ready = config.Readiness{Probe: config.Probe{Text: "tcp://x:1", Kind: config.TCPProbe}, Timeout: time.Minute, Interval: time.Second}
	m.ReadyBy = m.Started.Add(time.Minute)
}

func startWaiting(m *Machine) { m.WaitingFor = "db:ready" }

func noStarts(m *Machine) { m.noStarts = true }

func withAutorestart(a config.Autorestart) func(*Machine) {
	return func(m *Machine) { m.conf.Autorestart = a }
}

// machineIn returns a machine as it would be in that state.
func machineIn(s states.Process) *Machine {
	m := &Machine{conf: defaultConf()}
	m.State, m.Started = s, noon
	switch s {
	case states.Starting, states.Running, states.Stopping, states.Unknown:
		m.PID = 7
	}
	return m
}

// legal lists every transition that there is.
var legal = map[states.Process][]states.Process{
	states.Stopped:  {states.Starting, states.Fatal}, // restart_limit, as from Exited
	states.Starting: {states.Running, states.Backoff, states.Stopping, states.Unknown},
	states.Running:  {states.Exited, states.Stopping, states.Unknown},
	states.Backoff:  {states.Starting, states.Stopped, states.Fatal},
	states.Stopping: {states.Stopped, states.Unknown},
	states.Exited:   {states.Starting, states.Fatal},
	states.Fatal:    {states.Starting},
	states.Unknown:  {states.Exited},
}

// TestEveryStateTakesEveryInput walks over all there is: states, inputs, and
// what makes a difference to them.
func TestEveryStateTakesEveryInput(t *testing.T) {
	t.Parallel()
	seen := make(map[states.Process]map[states.Process]bool)
	forEachCase(func(m *Machine, in Input, age time.Duration) {
		from := m.State
		effects := m.Step(m.Started.Add(age), in)
		checkStep(t, fmt.Sprintf("%s, input %d, age %s", from, in.Kind, age), m, from, effects)
		for _, e := range effects {
			if c, ok := e.(PublishChange); ok {
				if seen[c.From] == nil {
					seen[c.From] = make(map[states.Process]bool)
				}
				seen[c.From][c.To] = true
			}
		}
	})
	for from, all := range legal {
		for _, to := range all {
			if !seen[from][to] {
				t.Errorf("%s -> %s is legal but never taken", from, to)
			}
		}
	}
}

func forEachCase(visit func(*Machine, Input, time.Duration)) {
	allExits := []spawn.Exit{{Code: 0}, {Code: 1}, {Code: -1, Signal: syscall.SIGKILL}}
	allPolicies := []config.Autorestart{config.RestartNever, config.RestartAlways, config.RestartUnexpected}
	left := [][]descendants.Process{nil, {inside}, {outside}, {inside, outside}}
	stops := []func(*Machine){func(*Machine) {}, withTreeScope, withLeftovers(config.LeftoversKill), func(m *Machine) { withLeaderExited(m); withStopSequence(m) }}
	for _, state := range states.All {
		for kind := range numKinds {
			exits, policies := allExits, allPolicies
			if kind != ChildExited && kind != ExitMissed { // to which they make no difference
				exits, policies = exits[:1], policies[2:]
			}
			for flags := range 1 << 9 {
				for _, policy := range policies {
					for _, exit := range exits {
						for _, age := range []time.Duration{0, time.Second, time.Hour} {
							m := machineIn(state)
							m.conf.Autorestart = policy
							m.noStarts, m.StartDue, m.StartPending = flags&1 != 0, flags&2 != 0, flags&4 != 0
							m.conf.StartSecs = flags >> 3 & 1
							m.Tries = 3 * (flags >> 4 & 1)
							m.conf.KillAsGroup, m.inBatch = flags>>5&1 != 0, flags>>6&1 != 0
							if flags>>7&1 != 0 {
								withRestartsUsed(2)(m)
							}
							if flags>>8 != 0 {
								awaitingReady(m)
								m.ReadyTimedOut = state == states.Starting && m.StartPending
							}
							if state == states.Starting && (kind == ChildSpawned || kind == SpawnFailed) {
								m.PID = 0
							}
							if flags&3 == 3 && canDefer(state) {
								m.WaitingFor = "db:ready"
							}
							in := Input{Kind: kind, PID: 8, Exit: exit, Signal: syscall.SIGHUP, Text: "why"}
							if kind >= BecameReady && kind <= ReplaceRequested {
								in.PID = m.PID
							}
							in.Saved = &Status{State: states.All[flags%len(states.All)], ChildStatus: ChildStatus{PID: 8, Started: noon}}
							in.Unwanted = flags&8 != 0
							if flags&16 != 0 {
								in.By = ByHealth
							}
							if kind == ChildExited || kind == ExitMissed || kind == DescendantsExited || kind == TimerFired || kind == KillRequested {
								in.Remaining = left[flags%len(left)]
								stops[flags>>2%len(stops)](m)
								m.LeaderExited = m.LeaderExited && state == states.Stopping
							}
							visit(m, in, age)
						}
					}
				}
			}
		}
	}
}

// checkStep holds one step against what must hold after every step.
func checkStep(t *testing.T, what string, m *Machine, from states.Process, effects []Effect) {
	t.Helper()
	at, spawns, signals, hooks := from, 0, 0, 0
	for _, e := range effects {
		switch e := e.(type) {
		case PublishChange:
			if e.From != at || !slices.Contains(legal[at], e.To) {
				t.Errorf("%s: illegal %s -> %s", what, e.From, e.To)
			}
			at = e.To
		case RestoreState:
			at = e.To
		case SpawnChild:
			spawns++
			if at != states.Starting {
				t.Errorf("%s: birth in %s", what, at)
			}
		case SendSignal:
			signals++
			if m.PID == 0 && e.To < ToScope {
				t.Errorf("%s: signal to nobody", what)
			}
		case RunHook:
			hooks++
			if e.Hook != m.Hook {
				t.Errorf("%s: %s is run while %q is under way", what, e.Hook, m.Hook)
			}
		case SetTimer:
			if e.After < 0 {
				t.Errorf("%s: timer of %s", what, e.After)
			}
		}
	}
	if m.LeaderExited && m.State != states.Stopping {
		t.Errorf("%s: %s without its leader", what, m.State)
	}
	if m.WaitingFor != "" && !canDefer(m.State) {
		t.Errorf("%s: %s with a start that waits for %s", what, m.State, m.WaitingFor)
	}
	if at != m.State {
		t.Errorf("%s: told %s, is %s", what, at, m.State)
	}
	if spawns > 1 || signals > 1 || hooks > 1 {
		t.Errorf("%s: %d births, %d signals, %d hooks", what, spawns, signals, hooks)
	}
	if spawns > 0 && (m.Hook == PreStart || m.Hook == PostStop) {
		t.Errorf("%s: birth during %s", what, m.Hook)
	}
	if spawns > 0 && m.PID != 0 {
		t.Errorf("%s: birth while pid %d lives", what, m.PID)
	}
	if m.noStarts && spawns > 0 {
		t.Errorf("%s: birth while held", what)
	}
	alive := m.State == states.Running || m.State == states.Stopping && (m.PID != 0 || m.Hook == NoHook)
	if alive != (m.PID != 0) && m.State != states.Starting && m.State != states.Unknown && from != states.Unknown {
		t.Errorf("%s: %s with pid %d", what, m.State, m.PID)
	}
}

// canDefer tells whether a start can wait for others in that state.
func canDefer(s states.Process) bool {
	return s == states.Stopping || s.IsStopped() && s != states.Unknown
}

func TestLogLevels(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		state states.Process
		in    Input
		level slog.Level
		text  string
	}{
		{states.Running, Input{Kind: ChildExited, Exit: spawn.Exit{Code: 0}}, logs.LevelInfo, "exited: "},
		{states.Running, Input{Kind: ChildExited, Exit: spawn.Exit{Code: 1}}, logs.LevelWarn, "exited: "},
		{states.Stopping, Input{Kind: ChildExited, Exit: spawn.Exit{Code: 0}}, logs.LevelInfo, "stopped: "},
		{states.Stopping, Input{Kind: ChildExited, Exit: spawn.Exit{Code: -1, Signal: 15}}, logs.LevelWarn, "stopped: "},
		{states.Stopping, Input{Kind: TimerFired}, logs.LevelWarn, "killing 'p'"},
		{states.Stopping, Input{Kind: SignalFailed, Text: "unknown problem"}, logs.LevelCritical, "unknown problem"},
		{states.Running, Input{Kind: StopRequested}, logs.LevelDebug, "killing p (pid 7) with signal SIGTERM"},
		{states.Running, Input{Kind: SignalRequested, Signal: 1}, logs.LevelDebug, "sending p (pid 7) sig SIGHUP"},
		{states.Backoff, Input{Kind: StopRequested}, logs.LevelDebug, "Attempted to kill p, which is in BACKOFF state."},
	} {
		m := machineIn(tt.state)
		m.conf.Autorestart = config.RestartNever
		found := false
		for _, e := range m.Step(noon.Add(time.Hour), tt.in) {
			if s, ok := e.(LogLine); ok && strings.HasPrefix(s.Text, tt.text) {
				found = true
				if s.Level != tt.level {
					t.Errorf("%q: level %v, want %v", s.Text, s.Level, tt.level)
				}
			}
		}
		if !found {
			t.Errorf("%s: nobody said %q", tt.state, tt.text)
		}
	}
}

func TestRefusalDetail(t *testing.T) {
	t.Parallel()
	m := machineIn(states.Unknown)
	got := m.Step(noon, Input{Kind: StartRequested})
	want := Refuse{faults.Failed, " is in an unknown process state"}
	if len(got) != 1 || got[0] != want {
		t.Errorf("got %v", got)
	}
}

func BenchmarkStep(b *testing.B) {
	m := machineIn(states.Running)
	b.ReportAllocs()
	for b.Loop() {
		m.Step(noon, Input{Kind: StartRequested})
	}
}
