package process

import (
	"syscall"
	"testing"
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/spawn"
)

// TestReconfigure: the child stays, and what is decided from now on is decided by
// the new configuration.
func TestReconfigure(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, w *testProcess) {
		w.start(t)
		pid := w.Status().PID
		reported := make(chan *config.Process, 1)
		w.Changed = func(p *Process) {
			select {
			case reported <- p.CurrentConfig():
			default:
			}
		}
		updated := *w.Config
		updated.StopSignal, updated.StopWaitSecs, updated.Autorestart, updated.ExitCodes = syscall.SIGINT, 60, config.RestartUnexpected, []int{7}
		w.Reconfigure(&updated)
		if w.CurrentConfig() != &updated || <-reported != &updated {
			t.Error("the configuration that holds is another one")
		}
		if got := w.Status().PID; got != pid {
			t.Errorf("pid %d, had %d", got, pid)
		}
		w.child.end(spawn.Exit{Code: 7})
		sleep(time.Hour)
		w.expectState(t, states.Exited)
		w.start(t)
		w.child.update(func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGINT} })
		started := time.Now()
		if err := w.Stop("p", true).Wait(t.Context()); err != nil || time.Since(started) != time.Minute {
			t.Errorf("the stop took %s: %v", time.Since(started), err)
		}
		if got := w.child.got; len(got) != 2 || got[0] != "SIGINT false" {
			t.Errorf("signals: %v", got)
		}
	})
}
