package process

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
)

func TestFaults(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, tp *testProcess) {
		for _, tt := range []struct {
			what string
			err  error
			want *faults.Error
		}{
			{"stop", tp.Stop("x:p", true).Wait(t.Context()), faults.New(faults.NotRunning, "x:p")},
			{"signal", tp.Signal("p", syscall.SIGHUP), faults.New(faults.NotRunning, "p")},
			{"stdin", tp.WriteStdin("p", nil), faults.New(faults.NotRunning, "p")},
		} {
			if !sameFault(tt.err, tt.want) {
				t.Errorf("%s: got %v, want %v", tt.what, tt.err, tt.want)
			}
		}
		tp.start(t)
		if err := tp.Start("p", true).Wait(t.Context()); !sameFault(err, faults.New(faults.AlreadyStarted, "p")) {
			t.Errorf("second start: %v", err)
		}
		tp.child.update(func(c *fakeChild) { c.stdinErr = syscall.EPIPE })
		if err := tp.WriteStdin("p", []byte("x")); !sameFault(err, faults.New(faults.NoFile, "p")) {
			t.Errorf("closed stdin: %v", err)
		}
	})
}

func TestCancelledWaitKeepsRequest(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, tp *testProcess) {
		ctx, cancel := context.WithCancel(t.Context())
		a := tp.Start("p", true)
		cancel()
		if err := a.Wait(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		sleep(2 * time.Second)
		tp.expectState(t, states.Running)
	})
}

func TestRequestAfterRunEnded(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, tp *testProcess) {
		p := New(tp.opts)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		p.Run(ctx)
		if err := p.Start("p", true).Wait(t.Context()); !hasCode(err, faults.BadName) {
			t.Errorf("got %v", err)
		}
	})
}
