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
	inWorld(t, nil, func(t *testing.T, w *world) {
		w.start(t)
		pid := w.Status().PID
		looked := make(chan *config.Process, 1)
		w.Changed = func(p *Process) {
			select {
			case looked <- p.Current():
			default:
			}
		}
		fresh := *w.Config
		fresh.StopSignal, fresh.StopWaitSecs, fresh.Autorestart, fresh.ExitCodes = syscall.SIGINT, 60, config.RestartUnexpected, []int{7}
		w.Reconfigure(&fresh)
		if w.Current() != &fresh || <-looked != &fresh {
			t.Error("the configuration that holds is another one")
		}
		if got := w.Status().PID; got != pid {
			t.Errorf("pid %d, had %d", got, pid)
		}
		w.child.end(spawn.Exit{Code: 7})
		sleep(time.Hour)
		w.expect(t, states.Exited)
		w.start(t)
		w.child.mind(func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGINT} })
		began := time.Now()
		if err := w.Stop("p", true).Wait(t.Context()); err != nil || time.Since(began) != time.Minute {
			t.Errorf("the stop took %s: %v", time.Since(began), err)
		}
		if got := w.child.got; len(got) != 2 || got[0] != "SIGINT false" {
			t.Errorf("signals: %v", got)
		}
	})
}
