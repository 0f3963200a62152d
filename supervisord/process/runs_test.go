package process

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/config"
	"supervisor/supervisord/process/machine"
	"supervisor/supervisord/process/runs"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/system/boottime"
)

// describeRuns returns a line for each run.
func describeRuns(list []runs.Run) []string {
	var lines []string
	for _, r := range list {
		line := fmt.Sprintf("pid %d, %s, %s, %s", r.PID, r.Duration(), r.String(), r.StartedBy)
		if r.StoppedBy != "" {
			line += ", stopped by " + r.StoppedBy
		}
		if r.Expected {
			line += ", expected"
		}
		lines = append(lines, line)
	}
	return lines
}

func (tp *testProcess) expectRuns(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, describeRuns(tp.Runs())); diff != "" {
		t.Errorf("runs (-want +got):\n%s", diff)
	}
}

func TestRunsAreRecorded(t *testing.T) {
	withProcess(t, func(c *config.Process) { c.ExitCodes = []int{0, 2} }, func(t *testing.T, tp *testProcess) {
		tp.expectRuns(t)
		tp.start(t)
		sleep(10 * time.Second)
		tp.expectRuns(t) // none has ended
		tp.child.exit(3) // it is restarted
		sleep(5 * time.Second)
		tp.child.exit(2) // which is expected
		sleep(5 * time.Second)
		tp.spawnErr, tp.failOnce = syscall.EAGAIN, true
		_ = tp.Start("p", false) // its answer comes before the failure
		sleep(5 * time.Second)
		if err := tp.Stop("p", true).Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		tp.expectRuns(t,
			"pid 101, 11s, exit status 3, started by an operator",
			"pid 102, 5s, exit status 2, restarted by autorestart: exit status 3 was not expected, expected",
			"pid 0, 0s, not started: Too many processes in process table to spawn 'p', started by an operator",
			"pid 104, 4s, terminated by SIGTERM, restarted by autorestart: it could not be started: Too many processes in process table to spawn 'p', stopped by an operator, expected",
		)
		if n := tp.RestartsInLastHour(); n != 2 {
			t.Errorf("%d restarts within the last hour", n)
		}
		sleep(2 * time.Hour)
		if n := tp.RestartsInLastHour(); n != 0 {
			t.Errorf("%d restarts two hours later", n)
		}
	})
}

// TestRunsSurviveTheDaemon: an adopted child goes on with its run, and one that has exited
// meanwhile ends it.
func TestRunsSurviveTheDaemon(t *testing.T) {
	saved := func() *Saved {
		began := boottime.At(time.Now().Add(-time.Minute))
		s := &Saved{State: State{Status: machine.Status{State: 20, ChildStatus: machine.ChildStatus{PID: 77, Started: began}}}}
		s.Run = &runs.Run{PID: 77, Started: began, StartedBy: "started by autostart"}
		first := boottime.At(began.Add(-time.Hour))
		s.Runs = []runs.Run{{PID: 70, Code: 1, Started: first, Ended: first, StartedBy: "started by an operator"}}
		s.LastRun = &runs.Run{PID: 71, Code: 4, Started: boottime.At(began.Add(-time.Second)), Ended: began, StartedBy: "restarted by autorestart", IsRestart: true}
		return s
	}
	before := []string{
		"pid 70, 0s, exit status 1, started by an operator",
		"pid 71, 1s, exit status 4, restarted by autorestart",
	}
	t.Run("alive", func(t *testing.T) {
		withProcess(t, nil, func(t *testing.T, tp *testProcess) {
			tp.child = &fakeChild{pid: 77, exits: make(chan spawn.Exit, 1)}
			tp.Process.Adopt(saved())
			sleep(time.Second)
			tp.expectRuns(t, before...)
			if s := tp.CompleteState(); s.Run == nil || s.Run.PID != 77 || len(s.Runs) != 2 || tp.RestartsInLastHour() != 1 {
				t.Errorf("the state has the run %+v and %d others; %d restarts", s.Run, len(s.Runs), tp.RestartsInLastHour())
			}
			tp.child.exit(5)
			sleep(time.Second)
			tp.expectRuns(t, append(before, "pid 77, 1m1s, exit status 5, started by autostart")...)
		})
	})
	t.Run("gone", func(t *testing.T) {
		withProcess(t, nil, func(t *testing.T, tp *testProcess) {
			tp.Process.Adopt(saved())
			sleep(100 * time.Millisecond)
			tp.expectRuns(t, append(before, "pid 77, 1m0s, exit status unknown, started by autostart")...)
		})
	})
	t.Run("its descendants alone", func(t *testing.T) {
		withProcess(t, nil, func(t *testing.T, tp *testProcess) {
			s := saved()
			s.LeaderExited, s.Run = true, nil
			tp.Process.Adopt(s)
			sleep(100 * time.Millisecond)
			if got := describeRuns(tp.Runs()); strings.Join(got, "\n") != strings.Join(before, "\n") {
				t.Errorf("runs %q, want %q", got, before)
			}
		})
	})
}
