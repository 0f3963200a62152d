package supervisor_test

import (
	"testing"
	"time"

	"supervisor/supervisord/api/states"
)

func TestGivingUpStopsEverythingAndTellsWhy(t *testing.T) {
	inWorld(t, configOf(program("a", 1), program("b", 2)), func(t *testing.T, w *world) {
		pass(2 * time.Second)
		w.GiveUp("a exited with status 3", 3)
		w.GiveUp("b exited with status 4", 4) // as a consequence
		<-w.ended
		if cause, code := w.Verdict(); cause != "a exited with status 3" || code != 3 {
			t.Errorf("the verdict is %q, %d", cause, code)
		}
		if w.mood != states.DaemonShutdown {
			t.Errorf("it ended in the mood %s", w.mood)
		}
		for _, p := range w.Processes() {
			if st := p.Status().State; st != states.Stopped {
				t.Errorf("%s is %s", p.FullName(), st)
			}
		}
	})
}

func TestAShutdownThatWasAskedForIsNoGivingUp(t *testing.T) {
	inWorld(t, configOf(program("a", 1)), func(t *testing.T, w *world) {
		pass(2 * time.Second)
		w.Shutdown()
		w.GiveUp("a was terminated by SIGTERM", 143)
		<-w.ended
		if cause, code := w.Verdict(); cause != "" || code != 0 {
			t.Errorf("the verdict is %q, %d", cause, code)
		}
	})
}
