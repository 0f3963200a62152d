package machine

import (
	"syscall"
	"testing"
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
)

func TestStopSteps(t *testing.T) {
	t.Parallel()
	testSteps(t, []stepTest{
		{"stop", states.Running, nil, Input{Kind: StopRequested}, 0, []string{"RUNNING->STOPPING", "timer 10s", "signal SIGTERM"}},
		{"stop with stopasgroup", states.Running, func(m *Machine) { m.conf.StopAsGroup = true }, Input{Kind: StopRequested}, 0,
			[]string{"RUNNING->STOPPING", "timer 10s", "signal SIGTERM to the group"}},
		{"stop while STARTING", states.Starting, nil, Input{Kind: StopRequested}, 0, []string{"STARTING->STOPPING", "timer 10s", "signal SIGTERM"}},
		{"stop in BACKOFF", states.Backoff, nil, Input{Kind: StopRequested}, 0, []string{"BACKOFF->STOPPED"}},
		{"stop while STOPPING", states.Stopping, nil, Input{Kind: StopRequested}, 0, []string{"NOT_RUNNING"}},
		{"stop before a restart", states.Exited, nil, Input{Kind: StopRequested}, 0, []string{"stop timer", "NOT_RUNNING"}},
		{"stop while STOPPED", states.Stopped, nil, Input{Kind: StopRequested}, 0, []string{"NOT_RUNNING"}},
		{"stop timed out", states.Stopping, nil, Input{Kind: TimerFired}, 0,
			[]string{"killing 'p' (7) with SIGKILL", "timer 10s", "signal SIGKILL"}},
		{"stop timed out with killasgroup", states.Stopping, func(m *Machine) { m.conf.KillAsGroup = true }, Input{Kind: TimerFired}, 0,
			[]string{"killing 'p' (7) with SIGKILL", "timer 10s", "signal SIGKILL to the group"}},
		{"stopped", states.Stopping, nil, exitedWith(0), 0, []string{"STOPPING->STOPPED", "stopped: p (exit status 0)"}},
		{"stopped with a start pending", states.Stopping, func(m *Machine) { m.StartPending = true }, killedChild, 0,
			[]string{"STOPPING->STOPPED", "stopped: p (terminated by SIGKILL)", "STOPPED->STARTING", "spawn"}},
		{"signal", states.Running, nil, Input{Kind: SignalRequested, Signal: syscall.SIGHUP}, 0, []string{"signal SIGHUP"}},
		{"signal in BACKOFF", states.Backoff, nil, Input{Kind: SignalRequested, Signal: syscall.SIGHUP}, 0, []string{"NOT_RUNNING"}},
		{"signal refused by the kernel", states.Stopping, nil, Input{Kind: SignalFailed, Text: "why"}, 0,
			[]string{"why", "STOPPING->UNKNOWN", "FAILED"}},
	})
}

func TestStopSequenceSteps(t *testing.T) {
	t.Parallel()
	testSteps(t, []stepTest{
		{"first step of stop_sequence", states.Running, withStopSequence, Input{Kind: StopRequested}, 0, []string{"RUNNING->STOPPING", "timer 20s", "signal SIGQUIT"}},
		{"next step", states.Stopping, withStopSequence, Input{Kind: TimerFired}, 0,
			[]string{"signalling 'p' (7) with SIGTERM, as it has not ended", "timer 10s", "signal SIGTERM"}},
		{"last step", states.Stopping, func(m *Machine) { withStopSequence(m); m.StopStep = 1 }, Input{Kind: TimerFired}, 0,
			[]string{"killing 'p' (7) with SIGKILL", "timer 10s", "signal SIGKILL"}},
		{"SIGKILL is repeated", states.Stopping, func(m *Machine) { withStopSequence(m); m.StopStep = 2 }, Input{Kind: TimerFired}, 0,
			[]string{"killing 'p' (7) with SIGKILL", "timer 10s", "signal SIGKILL"}},
		{"step without a time", states.Running, func(m *Machine) { m.conf.Stop.Sequence = []config.StopStep{{Signal: syscall.SIGINT}} },
			Input{Kind: StopRequested}, 0, []string{"RUNNING->STOPPING", "timer 10s", "signal SIGINT"}},
		{"stop_sequence of SIGKILL alone", states.Running, func(m *Machine) {
			m.conf.Stop.Sequence = []config.StopStep{{Signal: syscall.SIGKILL, Wait: 3 * time.Second}}
		}, Input{Kind: StopRequested}, 0, []string{"killing 'p' (7) with SIGKILL", "RUNNING->STOPPING", "timer 3s", "signal SIGKILL"}},
	})
}

func TestKillSteps(t *testing.T) {
	t.Parallel()
	testSteps(t, []stepTest{
		{"kill", states.Running, nil, Input{Kind: KillRequested}, 0,
			[]string{"killing 'p' (7) with SIGKILL", "RUNNING->STOPPING", "timer 10s", "signal SIGKILL"}},
		{"kill while STOPPING", states.Stopping, withStopSequence, Input{Kind: KillRequested}, 0,
			[]string{"killing 'p' (7) with SIGKILL", "timer 10s", "signal SIGKILL"}},
		{"kill with stop_scope", states.Starting, withTreeScope, Input{Kind: KillRequested}, 0,
			[]string{"killing 'p' (7) with SIGKILL", "STARTING->STOPPING", "timer 10s", "signal SIGKILL to the scope"}},
		{"kill in BACKOFF", states.Backoff, nil, Input{Kind: KillRequested}, 0, []string{"BACKOFF->STOPPED"}},
		{"kill while STOPPED", states.Stopped, nil, Input{Kind: KillRequested}, 0, []string{"NOT_RUNNING"}},
		{"kill before a restart", states.Exited, nil, Input{Kind: KillRequested}, 0, []string{"stop timer", "NOT_RUNNING"}},
	})
}

// withStopSequence sets a stop_sequence.
func withStopSequence(m *Machine) {
	m.conf.Stop.Sequence = []config.StopStep{
		{Signal: syscall.SIGQUIT, Wait: 20 * time.Second}, {Signal: syscall.SIGTERM, Wait: 10 * time.Second}, {Signal: syscall.SIGKILL},
	}
}
