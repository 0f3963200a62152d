package process

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
)

// plainConf is a program with Supervisor's defaults.
func plainConf() *config.Process {
	return &config.Process{
		Name: "p", Group: "g", Program: "p", Command: "/bin/p", Umask: -1,
		Autostart: true, Autorestart: config.RestartUnexpected, StartSecs: 1, StartRetries: 3,
		ExitCodes: []int{0}, StopSignal: syscall.SIGTERM, StopWaitSecs: 10,
	}
}

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// tell renders effects, one a word or line, for comparison.
func tell(effects []effect) []string {
	var out []string
	for _, e := range effects {
		switch e := e.(type) {
		case birth:
			out = append(out, "birth")
		case signal:
			whom := map[reach]string{toGroup: " to the group", toScope: " to the scope", toAll: " to all"}[e.to]
			out = append(out, "signal "+signals.Name(e.sig)+whom)
		case arm:
			out = append(out, "arm "+e.after.String())
		case watch:
			out = append(out, "watch")
		case disarm:
			out = append(out, "disarm")
		case change:
			out = append(out, fmt.Sprintf("%s->%s", e.From, e.To))
		case restore:
			out = append(out, "was "+e.to.String())
		case say:
			if e.level > slog.LevelDebug {
				out = append(out, e.text)
			}
		case exhausted:
			out = append(out, "exhausted")
		case hook:
			out = append(out, e.of.String())
		case cut:
			out = append(out, "cut")
		case refuse:
			out = append(out, e.code.String())
		}
	}
	return out
}

func TestCells(t *testing.T) {
	t.Parallel()
	exit := func(code int) input { return input{kind: exited, exit: spawn.Exit{Code: code}} }
	killed := input{kind: exited, exit: spawn.Exit{Code: -1, Signal: syscall.SIGKILL}}
	for _, tt := range []struct {
		name  string
		state states.Process
		set   func(*machine)
		in    input
		age   time.Duration // since the last birth
		want  []string
	}{
		{"start", states.Stopped, nil, input{kind: start}, 0, []string{"STOPPED->STARTING", "birth"}},
		{"start after exit", states.Exited, nil, input{kind: start}, 0, []string{"EXITED->STARTING", "birth"}},
		{"start after giving up", states.Fatal, nil, input{kind: start}, 0, []string{"FATAL->STARTING", "birth"}},
		{"start of a running one", states.Running, nil, input{kind: start}, 0, []string{"ALREADY_STARTED"}},
		{"start of a waiting one", states.Backoff, nil, input{kind: start}, 0, []string{"ALREADY_STARTED"}},
		{"start of an unknown one", states.Unknown, nil, input{kind: start}, 0, []string{"FAILED"}},
		{"start while stopping", states.Stopping, nil, input{kind: start}, 0, nil},
		{"start in shutdown", states.Stopped, closing, input{kind: start}, 0, []string{"SHUTDOWN_STATE"}},

		{"autostart", states.Stopped, func(m *machine) { m.Started = time.Time{} }, input{kind: autostart}, 0, []string{"STOPPED->STARTING", "birth"}},
		{"autostart of one that was stopped", states.Stopped, nil, input{kind: autostart}, 0, nil},
		{"born in a round", states.Starting, func(m *machine) { m.conf.StartSecs, m.inRound = 0, true }, input{kind: spawned, pid: 9}, 0,
			[]string{"spawned: 'p' with pid 9"}},
		{"round over", states.Starting, func(m *machine) { m.conf.StartSecs, m.inRound = 0, true }, input{kind: roundOver}, 0,
			[]string{"STARTING->RUNNING", "success: p entered RUNNING state, process has stayed up for > than 0 seconds (startsecs)"}},
		{"round over too early", states.Starting, func(m *machine) { m.inRound = true }, input{kind: roundOver}, 0, nil},
		{"born", states.Starting, nil, input{kind: spawned, pid: 9}, 0, []string{"spawned: 'p' with pid 9", "arm 1s"}},
		{"born with startsecs 0", states.Starting, func(m *machine) { m.conf.StartSecs = 0 }, input{kind: spawned, pid: 9}, 0,
			[]string{"spawned: 'p' with pid 9", "STARTING->RUNNING",
				"success: p entered RUNNING state, process has stayed up for > than 0 seconds (startsecs)"}},
		{"stillborn", states.Starting, nil, input{kind: spawnFailed, text: "why"}, 0,
			[]string{"spawnerr: why", "STARTING->BACKOFF", "arm 1s"}},
		{"stillborn for the last time", states.Starting, func(m *machine) { m.Tries = 3 }, input{kind: spawnFailed, text: "why"}, 0,
			[]string{"spawnerr: why", "STARTING->BACKOFF", "BACKOFF->FATAL",
				"gave up: p entered FATAL state, too many start retries too quickly"}},

		{"too quick", states.Starting, nil, exit(0), 500 * time.Millisecond,
			[]string{"STARTING->BACKOFF", "exited: p (exit status 0; not expected)", "arm 1s"}},
		{"too quick the second time", states.Starting, func(m *machine) { m.Tries = 1 }, exit(1), 0,
			[]string{"STARTING->BACKOFF", "exited: p (exit status 1; not expected)", "arm 2s"}},
		{"into the background", states.Starting, nil, input{kind: exited, exit: spawn.Exit{Heir: 77}}, 0,
			[]string{"STARTING->BACKOFF", "exited: p (exit status 0; not expected)",
				"p seems to go into the background: it ended at once with status 0, but its process 77 lives on; " +
					"have its command stay in the foreground", "arm 1s"}},
		{"into the background again", states.Starting, func(m *machine) { m.heirReported = true },
			input{kind: exited, exit: spawn.Exit{Heir: 77}}, 0,
			[]string{"STARTING->BACKOFF", "exited: p (exit status 0; not expected)", "arm 1s"}},
		{"a long life and heirs", states.Running, restart(config.RestartNever), input{kind: exited, exit: spawn.Exit{Heir: 77}}, time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 0; expected)"}},
		{"exit overtakes the timer", states.Starting, nil, exit(0), time.Second,
			[]string{"STARTING->RUNNING", "RUNNING->EXITED", "exited: p (exit status 0; expected)"}},
		{"settled", states.Starting, nil, input{kind: timeUp}, time.Second,
			[]string{"STARTING->RUNNING", "success: p entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)"}},

		{"expected exit", states.Running, nil, exit(0), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 0; expected)"}},
		{"unexpected exit", states.Running, nil, exit(2), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "EXITED->STARTING", "birth"}},
		{"killed", states.Running, nil, killed, time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (terminated by SIGKILL; not expected)", "EXITED->STARTING", "birth"}},
		{"restart takes a breath", states.Running, nil, exit(2), 300 * time.Millisecond,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "arm 700ms"}},
		{"autorestart always", states.Running, restart(config.RestartAlways), exit(0), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 0; expected)", "EXITED->STARTING", "birth"}},
		{"autorestart never", states.Running, restart(config.RestartNever), exit(2), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)"}},
		{"no restart in shutdown", states.Running, closing, exit(2), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)"}},
		{"restart is due", states.Exited, nil, input{kind: timeUp}, 0, []string{"EXITED->STARTING", "birth"}},

		{"stop", states.Running, nil, input{kind: stop}, 0, []string{"RUNNING->STOPPING", "arm 10s", "signal SIGTERM"}},
		{"stop as group", states.Running, func(m *machine) { m.conf.StopAsGroup = true }, input{kind: stop}, 0,
			[]string{"RUNNING->STOPPING", "arm 10s", "signal SIGTERM to the group"}},
		{"stop while starting", states.Starting, nil, input{kind: stop}, 0, []string{"STARTING->STOPPING", "arm 10s", "signal SIGTERM"}},
		{"stop while waiting", states.Backoff, nil, input{kind: stop}, 0, []string{"BACKOFF->STOPPED"}},
		{"stop while stopping", states.Stopping, nil, input{kind: stop}, 0, []string{"NOT_RUNNING"}},
		{"stop before a restart", states.Exited, nil, input{kind: stop}, 0, []string{"disarm", "NOT_RUNNING"}},
		{"stop of a stopped one", states.Stopped, nil, input{kind: stop}, 0, []string{"NOT_RUNNING"}},
		{"disobedience", states.Stopping, nil, input{kind: timeUp}, 0,
			[]string{"killing 'p' (7) with SIGKILL", "arm 10s", "signal SIGKILL"}},
		{"disobedience of a group", states.Stopping, func(m *machine) { m.conf.KillAsGroup = true }, input{kind: timeUp}, 0,
			[]string{"killing 'p' (7) with SIGKILL", "arm 10s", "signal SIGKILL to the group"}},
		{"obeyed", states.Stopping, nil, exit(0), 0, []string{"STOPPING->STOPPED", "stopped: p (exit status 0)"}},
		{"obeyed, start wanted", states.Stopping, func(m *machine) { m.Again = true }, killed, 0,
			[]string{"STOPPING->STOPPED", "stopped: p (terminated by SIGKILL)", "STOPPED->STARTING", "birth"}},

		{"signal", states.Running, nil, input{kind: deliver, sig: syscall.SIGHUP}, 0, []string{"signal SIGHUP"}},
		{"signal while waiting", states.Backoff, nil, input{kind: deliver, sig: syscall.SIGHUP}, 0, []string{"NOT_RUNNING"}},
		{"signal refused by the kernel", states.Stopping, nil, input{kind: signalFailed, text: "why"}, 0,
			[]string{"why", "STOPPING->UNKNOWN", "FAILED"}},
		{"unknown one ends", states.Unknown, restart(config.RestartNever), exit(0), time.Minute,
			[]string{"UNKNOWN->EXITED", "exited: p (exit status 0; expected)"}},

		{"adopted", states.Stopped, nil, past(adopted, states.Running), 0,
			[]string{"was RUNNING", "adopted: 'p' with pid 9"}},
		{"adopted while starting", states.Stopped, nil, past(adopted, states.Starting), 300 * time.Millisecond,
			[]string{"was STARTING", "adopted: 'p' with pid 9", "arm 700ms"}},
		{"adopted after startsecs", states.Stopped, nil, past(adopted, states.Starting), time.Minute,
			[]string{"was STARTING", "adopted: 'p' with pid 9", "arm 0s"}},
		{"adopted while stopping", states.Stopped, nil, past(adopted, states.Stopping), time.Second,
			[]string{"was STOPPING", "adopted: 'p' with pid 9", "arm 4s"}},
		{"adopted although none was known", states.Stopped, nil, past(adopted, states.Exited), time.Minute,
			[]string{"was STARTING", "adopted: 'p' with pid 9", "arm 1s"}},
		{"adopted to be stopped", states.Stopped, nil, unwanted(past(adopted, states.Running)), 0,
			[]string{"was RUNNING", "adopted: 'p' with pid 9", "RUNNING->STOPPING", "arm 10s", "signal SIGTERM"}},
		{"ended unseen", states.Stopped, nil, past(missed, states.Running), time.Minute,
			[]string{"was RUNNING", "RUNNING->EXITED", "exited: p (exit status unknown; not expected)", "EXITED->STARTING", "birth"}},
		{"ended unseen, not to be restarted", states.Stopped, restart(config.RestartNever), past(missed, states.Running), time.Minute,
			[]string{"was RUNNING", "RUNNING->EXITED", "exited: p (exit status unknown; not expected)"}},
		{"ended young, unseen", states.Stopped, nil, past(missed, states.Starting), 500 * time.Millisecond,
			[]string{"was STARTING", "STARTING->BACKOFF", "exited: p (exit status unknown; not expected)", "arm 1s"}},
		{"obeyed unseen", states.Stopped, nil, past(missed, states.Stopping), time.Minute,
			[]string{"was STOPPING", "STOPPING->STOPPED", "stopped: p (exit status unknown)"}},
		{"about to be born", states.Stopped, nil, past(recalled, states.Starting), 0, []string{"was BACKOFF", "arm 0s"}},
		{"was stopped", states.Stopped, nil, past(recalled, states.Stopped), time.Minute, []string{"was STOPPED"}},
		{"had been given up", states.Stopped, nil, past(recalled, states.Fatal), time.Minute, []string{"was FATAL"}},
		{"waited for its next attempt", states.Stopped, nil, due(past(recalled, states.Backoff)), time.Second,
			[]string{"was BACKOFF", "arm 4s"}},

		{"first step", states.Running, stepwise, input{kind: stop}, 0, []string{"RUNNING->STOPPING", "arm 20s", "signal SIGQUIT"}},
		{"next step", states.Stopping, stepwise, input{kind: timeUp}, 0,
			[]string{"signalling 'p' (7) with SIGTERM, as it has not ended", "arm 10s", "signal SIGTERM"}},
		{"last step", states.Stopping, func(m *machine) { stepwise(m); m.Step = 1 }, input{kind: timeUp}, 0,
			[]string{"killing 'p' (7) with SIGKILL", "arm 10s", "signal SIGKILL"}},
		{"beyond the last step", states.Stopping, func(m *machine) { stepwise(m); m.Step = 2 }, input{kind: timeUp}, 0,
			[]string{"killing 'p' (7) with SIGKILL", "arm 10s", "signal SIGKILL"}},
		{"a step without a time", states.Running, func(m *machine) { m.conf.Stop.Sequence = []config.StopStep{{Signal: syscall.SIGINT}} },
			input{kind: stop}, 0, []string{"RUNNING->STOPPING", "arm 10s", "signal SIGINT"}},
		{"nothing but SIGKILL", states.Running, func(m *machine) {
			m.conf.Stop.Sequence = []config.StopStep{{Signal: syscall.SIGKILL, Wait: 3 * time.Second}}
		}, input{kind: stop}, 0, []string{"killing 'p' (7) with SIGKILL", "RUNNING->STOPPING", "arm 3s", "signal SIGKILL"}},
		{"kill", states.Running, nil, input{kind: slain}, 0,
			[]string{"killing 'p' (7) with SIGKILL", "RUNNING->STOPPING", "arm 10s", "signal SIGKILL"}},
		{"kill while stopping", states.Stopping, stepwise, input{kind: slain}, 0,
			[]string{"killing 'p' (7) with SIGKILL", "arm 10s", "signal SIGKILL"}},
		{"kill the scope", states.Starting, wide, input{kind: slain}, 0,
			[]string{"killing 'p' (7) with SIGKILL", "STARTING->STOPPING", "arm 10s", "signal SIGKILL to the scope"}},
		{"kill while waiting", states.Backoff, nil, input{kind: slain}, 0, []string{"BACKOFF->STOPPED"}},
		{"kill of a stopped one", states.Stopped, nil, input{kind: slain}, 0, []string{"NOT_RUNNING"}},
		{"kill before a restart", states.Exited, nil, input{kind: slain}, 0, []string{"disarm", "NOT_RUNNING"}},
		{"stop a scope", states.Running, wide, input{kind: stop}, 0, []string{"RUNNING->STOPPING", "arm 10s", "signal SIGTERM to the scope"}},
		{"stop the leader alone", states.Running, func(m *machine) { m.conf.StopAsGroup, m.conf.Stop.Scope = true, config.ScopeLeader },
			input{kind: stop}, 0, []string{"RUNNING->STOPPING", "arm 10s", "signal SIGTERM"}},
		{"obeyed by the child alone", states.Stopping, wide, leaving(exit(0), inside), 0,
			[]string{"p (pid 7) has ended (exit status 0), waiting for the rest of its process tree: pid 9 (in)", "watch"}},
		{"obeyed by all inside", states.Stopping, wide, leaving(exit(0), outside), 0,
			[]string{"STOPPING->STOPPED", "stopped: p (exit status 0)", "left behind by p: pid 10 (out)"}},
		{"disobedience of the rest", states.Stopping, leaderless, input{kind: timeUp}, 0,
			[]string{"killing 'p' (7) with SIGKILL", "arm 10s", "signal SIGKILL to the scope"}},
		{"the rest has ended", states.Stopping, leaderless, input{kind: deserted}, 0, []string{"STOPPING->STOPPED", "stopped: p (exit status 0)"}},
		{"the rest has had children", states.Stopping, leaderless, leaving(input{kind: deserted}, inside), 0, []string{"watch"}},
		{"deserted while the child lives", states.Stopping, wide, input{kind: deserted}, 0, nil},
		{"leftovers by default", states.Stopping, nil, leaving(exit(0), outside), 0, []string{"STOPPING->STOPPED", "stopped: p (exit status 0)"}},
		{"leftovers reported", states.Stopping, leftovers(config.LeftoversReport), leaving(exit(0), outside), 0,
			[]string{"STOPPING->STOPPED", "stopped: p (exit status 0)", "left behind by p: pid 10 (out)"}},
		{"leftovers ignored", states.Stopping, leftovers(config.LeftoversIgnore), leaving(exit(0), outside), 0,
			[]string{"STOPPING->STOPPED", "stopped: p (exit status 0)"}},
		{"leftovers killed", states.Stopping, leftovers(config.LeftoversKill), leaving(exit(0), outside), 0,
			[]string{"killing what p has left behind: pid 10 (out)", "arm 10s", "signal SIGKILL to all", "watch"}},
		{"leftovers do not die", states.Stopping, func(m *machine) { leftovers(config.LeftoversKill)(m); m.Leaderless, m.sweeping = true, true },
			input{kind: timeUp}, 0, []string{"killing 'p' (7) with SIGKILL", "arm 10s", "signal SIGKILL to all"}},
		{"an end by itself takes the scope along", states.Running, wide, leaving(exit(2), inside), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "killing what is left of the process tree of p: pid 9 (in)",
				"signal SIGKILL to the scope", "arm 200ms"}},
		{"an early end does too", states.Starting, wide, leaving(exit(2), inside), 0,
			[]string{"STARTING->BACKOFF", "exited: p (exit status 2; not expected)", "killing what is left of the process tree of p: pid 9 (in)",
				"signal SIGKILL to the scope", "arm 1s"}},
		{"the child obeyed unseen", states.Stopped, wide, leaving(past(missed, states.Stopping), inside), time.Second,
			[]string{"was STOPPING", "arm 4s", "p (pid 9) has ended (exit status unknown), waiting for the rest of its process tree: pid 9 (in)", "watch"}},

		{"restart delay", states.Running, paced, exit(2), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "arm 5s"}},
		{"restart delay grows", states.Running, func(m *machine) { paced(m); m.Row = 2 }, exit(2), 10 * time.Second,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "arm 20s"}},
		{"restart delay has a limit", states.Running, func(m *machine) { paced(m); m.Row = 2000 }, exit(2), 10 * time.Second,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "arm 40s"}},
		{"restart delay after a long life", states.Running, func(m *machine) { paced(m); m.Row = 3 }, exit(2), 40 * time.Second,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "arm 5s"}},
		{"retry after a restart delay", states.Starting, func(m *machine) { paced(m); m.Row = 1 }, exit(2), 0,
			[]string{"STARTING->BACKOFF", "exited: p (exit status 2; not expected)", "arm 10s"}},
		{"jitter, the least", states.Running, jittery, exit(2), time.Hour,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "arm 4s"}},
		{"jitter, the most", states.Running, jittery, input{kind: exited, exit: spawn.Exit{Code: 2}, dice: 1}, time.Hour,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "arm 6s"}},
		{"growth alone", states.Running, func(m *machine) { m.conf.Restart.Growth, m.conf.Restart.Max, m.Row = 3, config.Forever, 1 }, exit(2), 0,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "arm 3s"}},
		{"the last restart in the budget", states.Running, spent(1), exit(2), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "EXITED->STARTING", "birth"}},
		{"restart beyond the budget", states.Running, spent(2), exit(2), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "EXITED->FATAL",
				"gave up: p entered FATAL state, 2 restarts within 10m (restart_limit)", "exhausted"}},
		{"restart when the budget has come back", states.Running, spent(2), exit(2), 10 * time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "EXITED->STARTING", "birth"}},
		{"retry beyond the budget", states.Starting, spent(2), exit(2), 0,
			[]string{"STARTING->BACKOFF", "exited: p (exit status 2; not expected)", "BACKOFF->FATAL",
				"gave up: p entered FATAL state, 2 restarts within 10m (restart_limit)", "exhausted"}},
		{"an expected end costs nothing", states.Running, spent(2), exit(0), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 0; expected)"}},
		{"an operator has no budget", states.Stopped, spent(2), input{kind: start}, 0, []string{"STOPPED->STARTING", "birth"}},
		{"health has", states.Stopped, spent(2), input{kind: start, by: Health}, 0,
			[]string{"STOPPED->FATAL", "gave up: p entered FATAL state, 2 restarts within 10m (restart_limit)", "exhausted", "ABNORMAL_TERMINATION"}},
		{"health in vain", states.Fatal, spent(2), input{kind: start, by: Health}, 0, []string{"ABNORMAL_TERMINATION"}},
		{"reset", states.Fatal, spent(2), input{kind: reset}, 0, nil},
		{"reset leaves what is due", states.Backoff, func(m *machine) { m.Due = true }, input{kind: reset}, 0, nil},

		{"delay", states.Stopped, nil, input{kind: delayed, what: "db:ready"}, 0, nil},
		{"delay of a restart", states.Exited, func(m *machine) { m.Due = true }, input{kind: delayed, what: "db:ready"}, 0, []string{"disarm"}},
		{"autostart after a delay", states.Stopped, waiting, input{kind: autostart}, 0, []string{"STOPPED->STARTING", "birth"}},
		{"autostart of an exited one", states.Exited, nil, input{kind: autostart}, 0, nil},
		{"autostart of an exited one after a delay", states.Exited, waiting, input{kind: autostart}, 0, []string{"EXITED->STARTING", "birth"}},
		{"autostart of a failed one after a delay", states.Fatal, waiting, input{kind: autostart}, 0, []string{"FATAL->STARTING", "birth"}},
		{"autostart of a declined one", states.Stopped, func(m *machine) { m.Started, m.Declined = time.Time{}, true }, input{kind: autostart}, 0, nil},
		{"start of a delayed one", states.Stopped, waiting, input{kind: start}, 0, []string{"STOPPED->STARTING", "birth"}},
		{"stop of a delayed one", states.Stopped, waiting, input{kind: stop}, 0, nil},
		{"stop of a delayed one that exited", states.Exited, waiting, input{kind: stop}, 0, nil},
		{"stop of a delayed one on its way out", states.Stopping, waiting, input{kind: stop}, 0, nil},
		{"forsaken", states.Stopped, waiting, input{kind: forsaken, what: "db was not ready within 2m"}, 0,
			[]string{"STOPPED->FATAL", "gave up: p entered FATAL state, db was not ready within 2m"}},
		{"forsaken when it waits no more", states.Stopped, nil, input{kind: forsaken, what: "why"}, 0, nil},

		{"hold cancels a retry", states.Backoff, func(m *machine) { m.Due = true }, input{kind: hold}, 0, []string{"disarm"}},
		{"release brings it back", states.Backoff, func(m *machine) { m.Due, m.closing = true, true }, input{kind: release}, 0, []string{"arm 0s"}},
		{"abort while waiting", states.Backoff, closing, input{kind: abort}, 0, []string{"BACKOFF->FATAL"}},
		{"abort while running", states.Running, closing, input{kind: abort}, 0, []string{"RUNNING->STOPPING", "arm 10s", "signal SIGTERM"}},
		{"abort of a stopped one", states.Stopped, closing, input{kind: abort}, 0, nil},
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

// stepwise has a stop_sequence.
func stepwise(m *machine) {
	m.conf.Stop.Sequence = []config.StopStep{
		{Signal: syscall.SIGQUIT, Wait: 20 * time.Second}, {Signal: syscall.SIGTERM, Wait: 10 * time.Second}, {Signal: syscall.SIGKILL},
	}
}

// wide has all descendants stopped.
func wide(m *machine) { m.conf.Stop.Scope = config.ScopeTree }

// leaderless waits for what a child has left.
func leaderless(m *machine) { wide(m); m.Leaderless = true }

func leftovers(l config.Leftovers) func(*machine) {
	return func(m *machine) { m.conf.Stop.Leftovers, m.conf.Stop.LeftoversSet = l, true }
}

var (
	inside  = spawn.Relative{PID: 9, Inside: true, Command: "in"}
	outside = spawn.Relative{PID: 10, Command: "out"}
)

func leaving(in input, who ...spawn.Relative) input { in.left = who; return in }

// paced has restarts delayed.
func paced(m *machine) {
	m.conf.Restart = config.RestartPolicy{Delay: 5 * time.Second, Growth: 2, Max: 40 * time.Second}
}

func jittery(m *machine) {
	m.conf.Restart = config.RestartPolicy{Delay: 5 * time.Second, Growth: 1, Max: config.Forever, Jitter: 0.2}
}

// spent is a budget of two restarts in ten minutes, of which n are used up.
func spent(n int) func(*machine) {
	return func(m *machine) {
		m.conf.Restart = config.RestartPolicy{Growth: 1, Max: config.Forever, Limit: 2, Window: 10 * time.Minute}
		times := slices.Repeat([]time.Time{noon}, n)
		m.Restarts = &times
	}
}

// past is an input about what was before the daemon.
func past(k kind, state states.Process) input {
	in := input{kind: k, exit: spawn.Exit{Code: -1}, bereft: k == missed}
	in.past = &Status{State: state, Started: noon, Deadline: noon.Add(5 * time.Second)}
	if k != recalled {
		in.past.PID = 9
	}
	return in
}

func unwanted(in input) input { in.unwanted = true; return in }
func due(in input) input      { in.past.Due = true; return in }

// awaiting has a machine be one whose child has a minute to get ready.
func awaiting(m *machine) {
	m.conf.Ready = config.Readiness{Probe: config.Probe{Text: "tcp://x:1", Kind: config.TCPProbe}, Timeout: time.Minute, Interval: time.Second}
	m.ReadyBy = m.Started.Add(time.Minute)
}

func waiting(m *machine) { m.Waiting = "db:ready" }

func closing(m *machine) { m.closing = true }

func restart(a config.Autorestart) func(*machine) { return func(m *machine) { m.conf.Autorestart = a } }

// machineIn returns a machine as it would be in that state.
func machineIn(s states.Process) *machine {
	m := &machine{conf: plainConf()}
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
	forEachSituation(func(m *machine, in input, age time.Duration) {
		from := m.State
		effects := m.step(m.Started.Add(age), in)
		checkStep(t, fmt.Sprintf("%s, input %d, age %s", from, in.kind, age), m, from, effects)
		for _, e := range effects {
			if c, ok := e.(change); ok {
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

func forEachSituation(visit func(*machine, input, time.Duration)) {
	allExits := []spawn.Exit{{Code: 0}, {Code: 1}, {Code: -1, Signal: syscall.SIGKILL}}
	allPolicies := []config.Autorestart{config.RestartNever, config.RestartAlways, config.RestartUnexpected}
	left := [][]spawn.Relative{nil, {inside}, {outside}, {inside, outside}}
	stops := []func(*machine){func(*machine) {}, wide, leftovers(config.LeftoversKill), func(m *machine) { leaderless(m); stepwise(m) }}
	for _, state := range states.All {
		for kind := range numKinds {
			exits, policies := allExits, allPolicies
			if kind != exited && kind != missed { // to which they make no difference
				exits, policies = exits[:1], policies[2:]
			}
			for flags := range 1 << 9 {
				for _, policy := range policies {
					for _, exit := range exits {
						for _, age := range []time.Duration{0, time.Second, time.Hour} {
							m := machineIn(state)
							m.conf.Autorestart = policy
							m.closing, m.Due, m.Again = flags&1 != 0, flags&2 != 0, flags&4 != 0
							m.conf.StartSecs = flags >> 3 & 1
							m.Tries = 3 * (flags >> 4 & 1)
							m.conf.KillAsGroup, m.inRound = flags>>5&1 != 0, flags>>6&1 != 0
							if flags>>7&1 != 0 {
								spent(2)(m)
							}
							if flags>>8 != 0 {
								awaiting(m)
								m.Late = state == states.Starting && m.Again
							}
							if state == states.Starting && (kind == spawned || kind == spawnFailed) {
								m.PID = 0
							}
							if flags&3 == 3 && mayWait(state) {
								m.Waiting = "db:ready"
							}
							in := input{kind: kind, pid: 8, exit: exit, sig: syscall.SIGHUP, text: "why", what: "why"}
							if kind >= readied && kind <= renewed {
								in.pid = m.PID
							}
							in.past = &Status{PID: 8, State: states.All[flags%len(states.All)], Started: noon}
							in.unwanted = flags&8 != 0
							if flags&16 != 0 {
								in.by = Health
							}
							if kind == exited || kind == missed || kind == deserted || kind == timeUp || kind == slain {
								in.left = left[flags%len(left)]
								stops[flags>>2%len(stops)](m)
								m.Leaderless = m.Leaderless && state == states.Stopping
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
func checkStep(t *testing.T, what string, m *machine, from states.Process, effects []effect) {
	t.Helper()
	at, births, signals, hooks := from, 0, 0, 0
	for _, e := range effects {
		switch e := e.(type) {
		case change:
			if e.From != at || !slices.Contains(legal[at], e.To) {
				t.Errorf("%s: illegal %s -> %s", what, e.From, e.To)
			}
			at = e.To
		case restore:
			at = e.to
		case birth:
			births++
			if at != states.Starting {
				t.Errorf("%s: birth in %s", what, at)
			}
		case signal:
			signals++
			if m.PID == 0 && e.to < toScope {
				t.Errorf("%s: signal to nobody", what)
			}
		case hook:
			hooks++
			if e.of != m.Hook {
				t.Errorf("%s: %s is run while %q is under way", what, e.of, m.Hook)
			}
		case arm:
			if e.after < 0 {
				t.Errorf("%s: timer of %s", what, e.after)
			}
		}
	}
	if m.Leaderless && m.State != states.Stopping {
		t.Errorf("%s: %s without its leader", what, m.State)
	}
	if m.Waiting != "" && !mayWait(m.State) {
		t.Errorf("%s: %s with a start that waits for %s", what, m.State, m.Waiting)
	}
	if at != m.State {
		t.Errorf("%s: told %s, is %s", what, at, m.State)
	}
	if births > 1 || signals > 1 || hooks > 1 {
		t.Errorf("%s: %d births, %d signals, %d hooks", what, births, signals, hooks)
	}
	if births > 0 && (m.Hook == PreStart || m.Hook == PostStop) {
		t.Errorf("%s: birth during %s", what, m.Hook)
	}
	if births > 0 && m.PID != 0 {
		t.Errorf("%s: birth while pid %d lives", what, m.PID)
	}
	if m.closing && births > 0 {
		t.Errorf("%s: birth while held", what)
	}
	alive := m.State == states.Running || m.State == states.Stopping && (m.PID != 0 || m.Hook == NoHook)
	if alive != (m.PID != 0) && m.State != states.Starting && m.State != states.Unknown && from != states.Unknown {
		t.Errorf("%s: %s with pid %d", what, m.State, m.PID)
	}
}

// mayWait tells whether a start can wait for others in that state.
func mayWait(s states.Process) bool {
	return s == states.Stopping || s.IsStopped() && s != states.Unknown
}

func TestMessagesHaveSupervisorsLevels(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		state states.Process
		in    input
		level slog.Level
		text  string
	}{
		{states.Running, input{kind: exited, exit: spawn.Exit{Code: 0}}, logs.LevelInfo, "exited: "},
		{states.Running, input{kind: exited, exit: spawn.Exit{Code: 1}}, logs.LevelWarn, "exited: "},
		{states.Stopping, input{kind: exited, exit: spawn.Exit{Code: 0}}, logs.LevelInfo, "stopped: "},
		{states.Stopping, input{kind: exited, exit: spawn.Exit{Code: -1, Signal: 15}}, logs.LevelWarn, "stopped: "},
		{states.Stopping, input{kind: timeUp}, logs.LevelWarn, "killing 'p'"},
		{states.Stopping, input{kind: signalFailed, text: "unknown problem"}, logs.LevelCritical, "unknown problem"},
		{states.Running, input{kind: stop}, logs.LevelDebug, "killing p (pid 7) with signal SIGTERM"},
		{states.Running, input{kind: deliver, sig: 1}, logs.LevelDebug, "sending p (pid 7) sig SIGHUP"},
		{states.Backoff, input{kind: stop}, logs.LevelDebug, "Attempted to kill p, which is in BACKOFF state."},
	} {
		m := machineIn(tt.state)
		m.conf.Autorestart = config.RestartNever
		found := false
		for _, e := range m.step(noon.Add(time.Hour), tt.in) {
			if s, ok := e.(say); ok && strings.HasPrefix(s.text, tt.text) {
				found = true
				if s.level != tt.level {
					t.Errorf("%q: level %v, want %v", s.text, s.level, tt.level)
				}
			}
		}
		if !found {
			t.Errorf("%s: nobody said %q", tt.state, tt.text)
		}
	}
}

func TestRefusalTellsWhy(t *testing.T) {
	t.Parallel()
	m := machineIn(states.Unknown)
	got := m.step(noon, input{kind: start})
	want := refuse{faults.Failed, " is in an unknown process state"}
	if len(got) != 1 || got[0] != want {
		t.Errorf("got %v", got)
	}
}

func BenchmarkStep(b *testing.B) {
	m := machineIn(states.Running)
	b.ReportAllocs()
	for b.Loop() {
		m.step(noon, input{kind: start})
	}
}
