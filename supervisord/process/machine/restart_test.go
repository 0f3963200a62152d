package machine

import (
	"slices"
	"testing"
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/system/boottime"
)

func TestRestartSteps(t *testing.T) {
	t.Parallel()
	testSteps(t, []stepTest{
		{"restart_delay", states.Running, withRestartDelay, exitedWith(2), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "timer 5s"}},
		{"delay grows", states.Running, func(m *Machine) { withRestartDelay(m); m.RestartsInRow = 2 }, exitedWith(2), 10 * time.Second,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "timer 20s"}},
		{"delay has a limit", states.Running, func(m *Machine) { withRestartDelay(m); m.RestartsInRow = 2000 }, exitedWith(2), 10 * time.Second,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "timer 40s"}},
		{"delay starts over after a long run", states.Running, func(m *Machine) { withRestartDelay(m); m.RestartsInRow = 3 }, exitedWith(2), 40 * time.Second,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "timer 5s"}},
		{"retry with restart_delay", states.Starting, func(m *Machine) { withRestartDelay(m); m.RestartsInRow = 1 }, exitedWith(2), 0,
			[]string{"STARTING->BACKOFF", "exited: p (exit status 2; not expected)", "timer 10s"}},
		{"least jitter", states.Running, withJitter, exitedWith(2), time.Hour,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "timer 4s"}},
		{"most jitter", states.Running, withJitter, Input{Kind: ChildExited, Exit: spawn.Exit{Code: 2}, Random: 1}, time.Hour,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "timer 6s"}},
		{"restart_backoff without restart_delay", states.Running, func(m *Machine) {
			m.conf.Restart.BackoffFactor, m.conf.Restart.Max, m.RestartsInRow = 3, option.Forever, 1
		}, exitedWith(2), 0,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "timer 3s"}},
		{"last restart within restart_limit", states.Running, withRestartsUsed(1), exitedWith(2), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "EXITED->STARTING", "spawn"}},
		{"restart beyond restart_limit", states.Running, withRestartsUsed(2), exitedWith(2), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "EXITED->FATAL",
				"gave up: p entered FATAL state, 2 restarts within 10m (restart_limit)", "restart limit"}},
		{"restart after the window", states.Running, withRestartsUsed(2), exitedWith(2), 10 * time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 2; not expected)", "EXITED->STARTING", "spawn"}},
		{"retry beyond restart_limit", states.Starting, withRestartsUsed(2), exitedWith(2), 0,
			[]string{"STARTING->BACKOFF", "exited: p (exit status 2; not expected)", "BACKOFF->FATAL",
				"gave up: p entered FATAL state, 2 restarts within 10m (restart_limit)", "restart limit"}},
		{"expected exit is not counted", states.Running, withRestartsUsed(2), exitedWith(0), time.Minute,
			[]string{"RUNNING->EXITED", "exited: p (exit status 0; expected)"}},
		{"start by an operator is not limited", states.Stopped, withRestartsUsed(2), Input{Kind: StartRequested}, 0, []string{"STOPPED->STARTING", "spawn"}},
		{"start by health is limited", states.Stopped, withRestartsUsed(2), Input{Kind: StartRequested, By: ByHealth}, 0,
			[]string{"STOPPED->FATAL", "gave up: p entered FATAL state, 2 restarts within 10m (restart_limit)", "restart limit", "ABNORMAL_TERMINATION"}},
		{"start by health while FATAL", states.Fatal, withRestartsUsed(2), Input{Kind: StartRequested, By: ByHealth}, 0, []string{"ABNORMAL_TERMINATION"}},
		{"reset", states.Fatal, withRestartsUsed(2), Input{Kind: ResetRequested}, 0, nil},
		{"reset keeps a start that is due", states.Backoff, func(m *Machine) { m.StartDue = true }, Input{Kind: ResetRequested}, 0, nil},
	})
}

// withRestartDelay sets delays that grow.
func withRestartDelay(m *Machine) {
	m.conf.Restart = config.RestartPolicy{Delay: 5 * time.Second, BackoffFactor: 2, Max: 40 * time.Second}
}

// withJitter sets a delay with jitter.
func withJitter(m *Machine) {
	m.conf.Restart = config.RestartPolicy{Delay: 5 * time.Second, BackoffFactor: 1, Max: option.Forever, Jitter: 0.2}
}

// withRestartsUsed sets a restart_limit of two restarts in ten minutes, of which n have
// happened.
func withRestartsUsed(n int) func(*Machine) {
	return func(m *Machine) {
		m.conf.Restart = config.RestartPolicy{BackoffFactor: 1, Max: option.Forever, Limit: 2, Window: 10 * time.Minute}
		times := slices.Repeat([]boottime.Time{boottime.At(noon)}, n)
		m.Restarts = &times
	}
}
