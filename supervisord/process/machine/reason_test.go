package machine

import (
	"syscall"
	"testing"
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/spawn"
)

// TestReasons: every state has a reason in words.
func TestReasons(t *testing.T) {
	t.Parallel()
	exit := func(code int) Input { return Input{Kind: ChildExited, Exit: spawn.Exit{Code: code}} }
	for _, tt := range []struct {
		name  string
		state states.Process
		in    []Input
		age   time.Duration
		want  string
	}{
		{"start", states.Stopped, []Input{{Kind: StartRequested}}, 0, "started by an operator"},
		{"start by another program", states.Stopped, []Input{{Kind: StartRequested, By: "dependency db"}}, 0, "started by dependency db"},
		{"running", states.Stopped, []Input{{Kind: StartRequested}, {Kind: ChildSpawned, PID: 8}, {Kind: TimerFired}}, time.Second, "started by an operator"},
		{"stop", states.Running, []Input{{Kind: StopRequested}}, 0, "being stopped by an operator"},
		{"stopped", states.Running, []Input{{Kind: StopRequested, By: "health"}, exit(0)}, 0, "stopped by health"},
		{"shutdown", states.Running, []Input{{Kind: ShutdownRequested, By: "the shutdown"}, exit(0)}, 0, "stopped by the shutdown"},
		{"start while stopping", states.Running, []Input{{Kind: StopRequested, By: "health"}, {Kind: StartRequested, By: "health"}, exit(0)}, 0, "started by health"},
		{"expected exit", states.Running, []Input{exit(0)}, time.Minute, "exit status 0 was expected; autorestart is unexpected"},
		{"restart", states.Running, []Input{exit(2)}, time.Minute, "restarted by autorestart: exit status 2 was not expected"},
		{"restart to come", states.Running, []Input{exit(2)}, 300 * time.Millisecond, "exit status 2 was not expected; restarted in 700ms"},
		{"restart cancelled", states.Running, []Input{exit(2), {Kind: StopRequested}}, 0, "ended by itself; its restart was called off by an operator"},
		{"exit within startsecs", states.Starting, []Input{exit(2)}, 0, "exit status 2 came sooner than startsecs allows; attempt 1 of 3 in 1s"},
		{"spawn failed", states.Starting, []Input{{Kind: SpawnFailed, Text: "no"}}, 0, "it could not be started: no; attempt 1 of 3 in 1s"},
		{"stopped before the next attempt", states.Backoff, []Input{{Kind: StopRequested}}, 0, "stopped by an operator before its next attempt"},
		{"signal refused", states.Running, []Input{{Kind: StopRequested}, {Kind: SignalFailed, Text: "why"}}, 0, "a signal could not be sent: why"},
		{"signal refused while a start waits", states.Running, []Input{{Kind: StopRequested}, {Kind: StartDeferred, Text: "db:ready"}, {Kind: SignalFailed, Text: "why"}}, 0,
			"a signal could not be sent: why; its start, which waited for db:ready, was called off"},
		{"start deferred", states.Stopped, []Input{{Kind: StartDeferred, Text: "db:ready, cache:ready"}, {Kind: StartDeferred, Text: "db:ready", Update: true}}, 0, "waiting for db:ready"},
		{"deferred start cancelled", states.Stopped, []Input{{Kind: StartDeferred, Text: "db:ready, cache:ready"}, {Kind: StopRequested}, {Kind: StartDeferred, Text: "db:ready", Update: true}}, 0,
			"its start, which waited for db:ready, cache:ready, was called off by an operator"},
		{"killed", states.Running, []Input{{Kind: StopRequested}, {Kind: TimerFired}, {Kind: ChildExited, Exit: spawn.Exit{Code: -1, Signal: syscall.SIGKILL}}}, 0,
			"stopped by an operator"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := machineIn(tt.state)
			for _, in := range tt.in {
				m.Step(noon.Add(tt.age), in)
			}
			if m.Reason != tt.want {
				t.Errorf("got %q, want %q", m.Reason, tt.want)
			}
		})
	}
}

func TestReasonWhenGivenUp(t *testing.T) {
	t.Parallel()
	m := machineIn(states.Starting)
	m.conf.StartRetries, m.conf.Autorestart = 0, config.RestartAlways
	m.Step(noon, Input{Kind: SpawnFailed, Text: "no"})
	if want := "given up after 1 attempts (startretries is 0): it could not be started: no"; m.Reason != want {
		t.Errorf("got %q, want %q", m.Reason, want)
	}
}
