package machine

import (
	"testing"
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/spawn"
)

func TestExitSteps(t *testing.T) {
	t.Parallel()
	testSteps(t, []stepTest{
		{"exit within startsecs", states.Starting, nil, exitedWith(0), 500 * time.Millisecond,
			[]string{"STARTING->BACKOFF", "exited: p (exit status 0; not expected)", "timer 1s"}},
		{"second exit within startsecs", states.Starting, func(m *Machine) { m.Tries = 1 }, exitedWith(1), 0,
			[]string{"STARTING->BACKOFF", "exited: p (exit status 1; not expected)", "timer 2s"}},
		{"program goes into the background", states.Starting, nil, Input{Kind: ChildExited, Exit: spawn.Exit{DaemonisedPID: 77}}, 0,
			[]string{"STARTING->BACKOFF", "exited: p (exit status 0; not expected)",
				"p seems to go into the background: it ended at once with status 0, but its process 77 lives on; " +
					"have its command stay in the foreground", "timer 1s"}},
		{"program goes into the background again", states.Starting, func(m *Machine) { m.daemonisedReported = true },
			Input{Kind: ChildExited, Exit: spawn.Exit{DaemonisedPID: 77}}, 0,
			[]string{"STARTING->BACKOFF", "exited: p (exit status 0; not expected)", "timer 1s"}},
		{"exit after startsecs with a process left", states.Running, withAutorestart(config.RestartNever), Input{Kind: ChildExited, Exit: spawn.Exit{DaemonisedPID: 77}}, time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 0; expected)"}},
		{"exit overtakes the timer", states.Starting, nil, exitedWith(0), time.Second,
			[]string{"STARTING->RUNNING", "RUNNING->EXITED", "exited: p (exit status 0; expected)"}},
		{"startsecs over", states.Starting, nil, Input{Kind: TimerFired}, time.Second,
			[]string{"STARTING->RUNNING", "success: p entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)"}},
		{"expected exit", states.Running, nil, exitedWith(0), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 0; expected)"}},
		{"unexpected exit", states.Running, nil, exitedWith(2), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "EXITED->STARTING", "spawn"}},
		{"killed by a signal", states.Running, nil, killedChild, time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (terminated by SIGKILL; not expected)", "EXITED->STARTING", "spawn"}},
		{"restart within a second of the last start", states.Running, nil, exitedWith(2), 300 * time.Millisecond,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "timer 700ms"}},
		{"autorestart always", states.Running, withAutorestart(config.RestartAlways), exitedWith(0), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 0; expected)", "EXITED->STARTING", "spawn"}},
		{"autorestart never", states.Running, withAutorestart(config.RestartNever), exitedWith(2), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)"}},
		{"no restart in a shutdown", states.Running, noStarts, exitedWith(2), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)"}},
		{"restart is due", states.Exited, nil, Input{Kind: TimerFired}, 0, []string{"EXITED->STARTING", "spawn"}},
		{"exit while UNKNOWN", states.Unknown, withAutorestart(config.RestartNever), exitedWith(0), time.Minute,
			[]string{"UNKNOWN->EXITED", "exited: p (exit status 0; expected)"}},
	})
}

// withAutorestart sets autorestart.
func withAutorestart(a config.Autorestart) func(*Machine) {
	return func(m *Machine) { m.conf.Autorestart = a }
}
