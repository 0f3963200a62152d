package supervisor_test

import (
	"testing"
	"time"

	"supervisor/supervisord/api/states"
)

func TestExitWithStopsAllAndKeepsReason(t *testing.T) {
	withDaemon(t, configOf(program("a", 1), program("b", 2)), func(t *testing.T, w *testDaemon) {
		advance(2 * time.Second)
		w.ExitWith("a exited with status 3", 3)
		w.ExitWith("b exited with status 4", 4) // as a consequence
		<-w.ended
		if reason, code := w.ExitReason(); reason != "a exited with status 3" || code != 3 {
			t.Errorf("the reason is %q, %d", reason, code)
		}
		if w.mood != states.DaemonShutdown {
			t.Errorf("the mood at the end is %s", w.mood)
		}
		for _, p := range w.Processes() {
			if st := p.Status().State; st != states.Stopped {
				t.Errorf("%s is %s", p.FullName(), st)
			}
		}
	})
}

func TestExitWithDuringShutdownHasNoEffect(t *testing.T) {
	withDaemon(t, configOf(program("a", 1)), func(t *testing.T, w *testDaemon) {
		advance(2 * time.Second)
		w.Shutdown()
		w.ExitWith("a was terminated by SIGTERM", 143)
		<-w.ended
		if reason, code := w.ExitReason(); reason != "" || code != 0 {
			t.Errorf("the reason is %q, %d", reason, code)
		}
	})
}
