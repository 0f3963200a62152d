package machine

import (
	"testing"
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/system/boottime"
)

func TestAdoptSteps(t *testing.T) {
	t.Parallel()
	testSteps(t, []stepTest{
		{"adopted", states.Stopped, nil, restored(ChildAdopted, states.Running), 0,
			[]string{"restore RUNNING", "adopted: 'p' with pid 9"}},
		{"adopted while STARTING", states.Stopped, nil, restored(ChildAdopted, states.Starting), 300 * time.Millisecond,
			[]string{"restore STARTING", "adopted: 'p' with pid 9", "timer 700ms"}},
		{"adopted after startsecs", states.Stopped, nil, restored(ChildAdopted, states.Starting), time.Minute,
			[]string{"restore STARTING", "adopted: 'p' with pid 9", "timer 0s"}},
		{"adopted while STOPPING", states.Stopped, nil, restored(ChildAdopted, states.Stopping), time.Second,
			[]string{"restore STOPPING", "adopted: 'p' with pid 9", "timer 4s"}},
		{"adopted from a spawn that was not recorded", states.Stopped, nil, restored(ChildAdopted, states.Exited), time.Minute,
			[]string{"restore STARTING", "adopted: 'p' with pid 9", "timer 1s"}},
		{"adopted but unwanted", states.Stopped, nil, unwanted(restored(ChildAdopted, states.Running)), 0,
			[]string{"restore RUNNING", "adopted: 'p' with pid 9", "RUNNING->STOPPING", "timer 10s", "signal SIGTERM"}},
		{"exit missed", states.Stopped, nil, restored(ExitMissed, states.Running), time.Minute,
			[]string{"restore RUNNING", "RUNNING->EXITED", "exited: p (exit status unknown; not expected)", "EXITED->STARTING", "spawn"}},
		{"exit missed, autorestart never", states.Stopped, withAutorestart(config.RestartNever), restored(ExitMissed, states.Running), time.Minute,
			[]string{"restore RUNNING", "RUNNING->EXITED", "exited: p (exit status unknown; not expected)"}},
		{"exit missed while STARTING", states.Stopped, nil, restored(ExitMissed, states.Starting), 500 * time.Millisecond,
			[]string{"restore STARTING", "STARTING->BACKOFF", "exited: p (exit status unknown; not expected)", "timer 1s"}},
		{"exit missed while STOPPING", states.Stopped, nil, restored(ExitMissed, states.Stopping), time.Minute,
			[]string{"restore STOPPING", "STOPPING->STOPPED", "stopped: p (exit status unknown)"}},
		{"daemon lost before the spawn", states.Stopped, nil, restored(StateRestored, states.Starting), 0, []string{"restore BACKOFF", "timer 0s"}},
		{"restored STOPPED", states.Stopped, nil, restored(StateRestored, states.Stopped), time.Minute, []string{"restore STOPPED"}},
		{"restored FATAL", states.Stopped, nil, restored(StateRestored, states.Fatal), time.Minute, []string{"restore FATAL"}},
		{"restored BACKOFF", states.Stopped, nil, startDue(restored(StateRestored, states.Backoff)), time.Second,
			[]string{"restore BACKOFF", "timer 4s"}},
	})
}

// restored is an input about the state that an earlier daemon left.
func restored(k Kind, state states.Process) Input {
	in := Input{Kind: k, Exit: spawn.Exit{Code: -1}, Adoption: Adoption{LostDaemon: k == ExitMissed}}
	in.Saved = &Status{State: state, Deadline: boottime.At(noon.Add(5 * time.Second)), ChildStatus: ChildStatus{Started: boottime.At(noon)}}
	if k != StateRestored {
		in.Saved.PID = 9
	}
	return in
}

// unwanted makes the child unwanted.
func unwanted(in Input) Input { in.Unwanted = true; return in }

// startDue makes a start due.
func startDue(in Input) Input { in.Saved.StartDue = true; return in }
