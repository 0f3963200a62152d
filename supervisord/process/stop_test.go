package process

import (
	"context"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
)

func TestKillIsRepeated(t *testing.T) {
	withProcess(t, func(c *config.Process) { c.StopWaitSecs = 2 }, func(t *testing.T, tp *testProcess) {
		tp.onSpawn = func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} }
		tp.start(t)
		a := tp.Stop("p", true)
		sleep(5 * time.Second)
		tp.expectState(t, states.Stopping)
		if a.Done() {
			t.Error("stop has been answered")
		}
		tp.child.update(func(c *fakeChild) { c.ignore = nil })
		if err := a.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		want := []string{"SIGTERM false", "SIGKILL false", "SIGKILL false", "SIGKILL false"}
		if diff := cmp.Diff(want, tp.child.got); diff != "" {
			t.Errorf("signals (-want +got):\n%s", diff)
		}
	})
}

func TestKillIntervalWithoutStopwaitsecs(t *testing.T) {
	withProcess(t, func(c *config.Process) { c.StopWaitSecs = 0 }, func(t *testing.T, tp *testProcess) {
		tp.onSpawn = func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} }
		tp.start(t)
		tp.Stop("p", false)
		sleep(1500 * time.Millisecond)
		want := []string{"SIGTERM false", "SIGKILL false", "SIGKILL false"}
		tp.child.update(func(c *fakeChild) {
			if diff := cmp.Diff(want, c.got); diff != "" {
				t.Errorf("signals (-want +got):\n%s", diff)
			}
		})
	})
}

func TestLongStopIsReportedEveryTwoSeconds(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, tp *testProcess) {
		tp.onSpawn = func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGTERM} }
		tp.start(t)
		a := tp.Stop("p", true)
		sleep(5 * time.Second)
		got := slices.DeleteFunc(tp.log.Lines(), func(l string) bool { return l != "waiting for p to stop" })
		if len(got) != 3 {
			t.Errorf("%d lines in five seconds", len(got))
		}
		tp.child.exit(0)
		a.Wait(t.Context())
		sleep(10 * time.Second)
		if n := strings.Count(tp.log.String(), "waiting for"); n != 3 {
			t.Errorf("%d lines after the stop", n)
		}
	})
}

func TestStartWhileStoppingIsGranted(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, tp *testProcess) {
		tp.onSpawn = func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGTERM} }
		tp.start(t)
		old := tp.child
		tp.Stop("p", false)
		a := tp.Start("p", true)
		if a.Done() {
			t.Fatal("start has been answered")
		}
		old.exit(0)
		if err := a.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if tp.child == old {
			t.Error("no new child")
		}
		tp.expectState(t, states.Running)
	})
}

// A stop request is answered even if another caller starts the process again at that
// moment.
func TestStopIsAnsweredBeforeTheNextStart(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, tp *testProcess) {
		tp.onSpawn = func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGTERM} }
		tp.start(t)
		stopped := tp.Stop("p", true)
		tp.Start("p", false)
		tp.child.exit(0)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := stopped.Wait(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
		tp.expectState(t, states.Starting)
	})
}

func TestStartWhileStoppingSurvivesForbidStarts(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, tp *testProcess) {
		tp.onSpawn = func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGTERM} }
		tp.start(t)
		tp.Stop("p", false)
		tp.Start("p", false)
		tp.ForbidStarts()
		tp.AllowStarts()
		tp.child.exit(0)
		tp.expectState(t, states.Starting)
	})
}

// TestStartWhileStoppingWaitsForAllowStarts: a start that was granted happens when
// starts are allowed again, or not at all if a stop is requested before.
func TestStartWhileStoppingWaitsForAllowStarts(t *testing.T) {
	for name, want := range map[string]states.Process{"start": states.Starting, "stop": states.Stopped} {
		t.Run(name, func(t *testing.T) {
			withProcess(t, nil, func(t *testing.T, tp *testProcess) {
				tp.onSpawn = func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGTERM} }
				tp.start(t)
				tp.Stop("p", false)
				tp.Start("p", false)
				tp.ForbidStarts()
				tp.child.exit(0)
				tp.expectState(t, states.Stopped)
				if want == states.Stopped {
					tp.Stop("p", false)
				}
				tp.AllowStarts()
				tp.expectState(t, want)
			})
		})
	}
}

func TestShutdownWaitsUntilStopped(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, tp *testProcess) {
		if !tp.Shutdown().Done() {
			t.Error("the shutdown of a stopped process is not answered at once")
		}
		tp.start(t)
		tp.ForbidStarts()
		if err := tp.Shutdown().Wait(t.Context()); err != nil {
			t.Error(err)
		}
		tp.expectState(t, states.Stopped)
	})
}
