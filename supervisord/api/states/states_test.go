package states_test

import (
	"testing"

	"supervisor/supervisord/api/states"
)

func TestProcessStates(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		state                           states.Process
		code                            int
		name                            string
		running, stopped, isSignallable bool
	}{
		{states.Stopped, 0, "STOPPED", false, true, false},
		{states.Starting, 10, "STARTING", true, false, true},
		{states.Running, 20, "RUNNING", true, false, true},
		{states.Backoff, 30, "BACKOFF", true, false, false},
		{states.Stopping, 40, "STOPPING", false, false, true},
		{states.Exited, 100, "EXITED", false, true, false},
		{states.Fatal, 200, "FATAL", false, true, false},
		{states.Unknown, 1000, "UNKNOWN", false, true, false},
	} {
		s := tt.state
		if int(s) != tt.code || s.String() != tt.name ||
			s.IsRunning() != tt.running || s.IsStopped() != tt.stopped || s.IsSignallable() != tt.isSignallable {
			t.Errorf("%s is not what clients expect", tt.name)
		}
	}
	if len(states.All) != 8 {
		t.Errorf("%d states", len(states.All))
	}
}

func TestDaemonAndListenerStates(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]string{
		"SHUTDOWN": states.Daemon(-1).String(), "RESTARTING": states.Daemon(0).String(),
		"RUNNING": states.Daemon(1).String(), "FATAL": states.Daemon(2).String(), "state 9": states.Daemon(9).String(),
		"READY": states.Listener(10).String(), "BUSY": states.Listener(20).String(),
		"ACKNOWLEDGED": states.Listener(30).String(), "UNKNOWN": states.Listener(40).String(),
		"state 5": states.Process(5).String(), "state 7": states.Listener(7).String(),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
