package process

import (
	"os"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
)

// TestStartsecsBeginAfterPostStop: the time in which post_stop of the last child
// held up a birth is none that the next one has lived for.
func TestStartsecsBeginAfterPostStop(t *testing.T) {
	change := func(c *config.Process) {
		c.StartSecs, c.Hooks = 5, config.Hooks{PostStop: os.Args[0], Timeout: time.Minute}
	}
	withProcess(t, change, func(t *testing.T, w *testProcess) {
		w.onHelper = func(_ string, c *fakeChild) { time.AfterFunc(10*time.Second, func() { c.exit(0) }) }
		w.start(t)
		sleep(time.Minute)
		w.child.exit(1)
		sleep(11 * time.Second)
		w.expectState(t, states.Starting)
		w.child.exit(1)
		w.expectState(t, states.Backoff)
	})
}

// TestKillCancelsPostStop of a process that has no child any more: a shutdown waits
// for it.
func TestKillCancelsPostStop(t *testing.T) {
	for _, want := range []states.Process{states.Exited, states.Fatal, states.Stopped} {
		t.Run(want.String(), func(t *testing.T) {
			change := func(c *config.Process) {
				c.Autorestart, c.StartRetries = config.RestartNever, 0
				c.Hooks = config.Hooks{PostStop: os.Args[0], Timeout: config.Forever}
				if want == states.Stopped {
					c.StartRetries = 3
				}
			}
			withProcess(t, change, func(t *testing.T, w *testProcess) {
				w.Start("p", false)
				if want == states.Exited {
					sleep(time.Minute)
				}
				w.child.exit(1)
				synctest.Wait()
				w.ForbidStarts()
				if want == states.Stopped {
					w.Kill("x", "p", false)
				}
				gone := w.Shutdown()
				sleep(time.Hour / 2)
				w.Kill("the end of the time for the shutdown", "p", false)
				started := time.Now()
				if err := gone.Wait(t.Context()); err != nil || time.Since(started) > 3*time.Second {
					t.Errorf("%v after %s", err, time.Since(started))
				}
				w.expectState(t, want)
			})
		})
	}
}
