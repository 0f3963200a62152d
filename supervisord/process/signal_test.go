package process

import (
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
)

func TestSignalRefusedByKernel(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, tp *testProcess) {
		tp.start(t)
		tp.child.update(func(c *fakeChild) { c.signalErr = syscall.EPERM })
		err := tp.Stop("p", true).Wait(t.Context())
		if want := faults.New(faults.Failed, "unknown problem killing p (101):EPERM"); !sameFault(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
		tp.expectState(t, states.Unknown)
		tp.child.exit(0)
		tp.expectState(t, states.Exited)
	})
}

func TestSignalToExitedChild(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, tp *testProcess) {
		tp.start(t)
		tp.child.update(func(c *fakeChild) { c.signalErr = syscall.ESRCH })
		a := tp.Stop("p", true)
		tp.expectState(t, states.Stopping)
		tp.child.exit(0)
		if err := a.Wait(t.Context()); err != nil {
			t.Error(err)
		}
		tp.expectState(t, states.Stopped)
	})
}

// The exit of a child that got its stop signal early is handled with the stop.
func TestExitAfterEarlySignalIsReportedLater(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, tp *testProcess) {
		tp.start(t)
		tp.ForbidStarts()
		before := len(tp.log.Lines())
		tp.SignalEarly()
		sleep(time.Minute)
		tp.expectState(t, states.Running)
		if lines := tp.log.Lines()[before:]; len(lines) > 0 {
			t.Errorf("logged %q", lines)
		}
		if !tp.Status().SignaledEarly {
			t.Error("not in the status")
		}
		if err := tp.Shutdown().Wait(t.Context()); err != nil {
			t.Error(err)
		}
		tp.expectState(t, states.Stopped)
		want := []string{"stopped: p (terminated by SIGTERM)"}
		if diff := cmp.Diff(want, tp.log.Lines()[before:]); diff != "" {
			t.Errorf("log (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"SIGTERM false"}, tp.child.got); diff != "" {
			t.Errorf("signals (-want +got):\n%s", diff)
		}
		if tp.Status().SignaledEarly {
			t.Error("still in the status")
		}
	})
}

func TestStopTimeoutCountsFromEarlySignal(t *testing.T) {
	for _, c := range []struct{ pause, want time.Duration }{
		{4 * time.Second, 10 * time.Second},
		{time.Minute, time.Minute + exitGrace}, // its exit may be about to arrive
	} {
		t.Run(c.pause.String(), func(t *testing.T) {
			withProcess(t, nil, func(t *testing.T, tp *testProcess) {
				tp.onSpawn = func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGTERM} }
				tp.start(t)
				tp.ForbidStarts()
				started := time.Now()
				tp.SignalEarly()
				sleep(c.pause)
				if err := tp.Shutdown().Wait(t.Context()); err != nil {
					t.Error(err)
				}
				if took := time.Since(started); took != c.want {
					t.Errorf("took %s, want %s", took, c.want)
				}
				if diff := cmp.Diff([]string{"SIGTERM false", "SIGKILL false"}, tp.child.got); diff != "" {
					t.Errorf("signals (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestKillAfterEarlySignal: a child that has its stop signal still gets SIGKILL.
func TestKillAfterEarlySignal(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, tp *testProcess) {
		tp.onSpawn = func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGTERM} }
		tp.start(t)
		tp.ForbidStarts()
		tp.SignalEarly()
		started := time.Now()
		if err := tp.Kill("the shutdown", "p", true).Wait(t.Context()); err != nil {
			t.Error(err)
		}
		if took := time.Since(started); took != 0 {
			t.Errorf("took %s", took)
		}
		if diff := cmp.Diff([]string{"SIGTERM false", "SIGKILL false"}, tp.child.got); diff != "" {
			t.Errorf("signals (-want +got):\n%s", diff)
		}
	})
}

func TestEarlySignalRefusedByKernel(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, tp *testProcess) {
		tp.start(t)
		tp.child.update(func(c *fakeChild) { c.signalErr = syscall.EPERM })
		tp.SignalEarly()
		if tp.Status().SignaledEarly {
			t.Error("recorded as sent")
		}
		tp.child.update(func(c *fakeChild) { c.signalErr = nil })
		if err := tp.Shutdown().Wait(t.Context()); err != nil {
			t.Error(err)
		}
		tp.expectState(t, states.Stopped)
	})
}

func TestEarlySignalWithoutChild(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, tp *testProcess) {
		tp.SignalEarly()
		if tp.Status().SignaledEarly {
			t.Error("there is no child")
		}
		tp.expectState(t, states.Stopped)
	})
}
