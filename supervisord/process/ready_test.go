package process

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process/machine"
)

// withReadyProcess is inWorld with a program that has to get ready.
func withReadyProcess(t *testing.T, test func(*testing.T, *testProcess)) {
	t.Helper()
	withProcess(t, func(c *config.Process) {
		c.Ready = config.Readiness{Probe: config.Probe{Kind: config.TCPProbe}, Timeout: time.Minute, Interval: time.Second}
	}, test)
}

func TestStartIsAnsweredWhenReady(t *testing.T) {
	withReadyProcess(t, func(t *testing.T, w *testProcess) {
		a := w.Start("p", true)
		sleep(30 * time.Second)
		w.expectState(t, states.Starting)
		w.NotReady(w.child.pid, "connection refused")
		if got := w.Status().NotReadyReason; got != "connection refused" {
			t.Errorf("not yet: %q", got)
		}
		w.Ready(w.child.pid)
		if err := a.Wait(t.Context()); err != nil || time.Since(w.started) != 30*time.Second {
			t.Errorf("%v after %s", err, time.Since(w.started))
		}
		s := w.Status()
		if s.State != states.Running || !s.Ready || s.NotReadyReason != "" || !s.ProbeChangedAt.Equal(time.Now()) {
			t.Errorf("%+v", s)
		}
		w.ReportHealth(w.child.pid, Unhealthy, "http 503")
		if s := w.Status(); s.Health != Unhealthy || s.HealthFailure != "http 503" || s.State != states.Running {
			t.Errorf("%+v", s)
		}
		w.child.exit(0) // nothing of it is left with the next one
		w.expectState(t, states.Exited)
		w.Start("p", false)
		if s := w.Status(); s.ProbeResults != (machine.ProbeResults{ReadyBy: time.Now().Add(time.Minute)}) {
			t.Errorf("%+v", s.ProbeResults)
		}
	})
}

func TestReadyTimeoutFailsStart(t *testing.T) {
	withReadyProcess(t, func(t *testing.T, w *testProcess) {
		a := w.Start("p", true)
		sleep(time.Second)
		child := w.child // before there is another one
		child.update(func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGTERM} })
		w.NotReady(child.pid, "http 503 from http://x/")
		sleep(65 * time.Second)
		w.expectState(t, states.Starting) // it has been told to end
		if s := w.Status(); !s.ReadyTimedOut || s.Reason != "not ready within 60 seconds (http 503 from http://x/); being stopped" {
			t.Errorf("%+v", s)
		}
		sleep(4500 * time.Millisecond)
		w.expectState(t, states.Backoff)
		if got := strings.Join(child.got, ", "); got != "SIGTERM false, SIGKILL false" {
			t.Errorf("signals %s", got)
		}
		if s := w.Status(); s.SpawnErr != "not ready within 60 seconds (http 503 from http://x/)" || s.Tries != 1 {
			t.Errorf("%+v", s)
		}
		if err := a.Wait(t.Context()); !sameFault(err, faults.New(faults.SpawnError, "p")) {
			t.Errorf("start: %v", err)
		}
		for range 3 {
			sleep(70 * time.Second)
		}
		sleep(10 * time.Second)
		w.expectState(t, states.Fatal)
		if len(w.spawned) != 4 {
			t.Errorf("births at %v", w.spawned)
		}
		if !strings.Contains(w.Status().Reason, "not ready within 60 seconds") {
			t.Errorf("reason %q", w.Status().Reason)
		}
	})
}

func TestExtendStartTimeout(t *testing.T) {
	withReadyProcess(t, func(t *testing.T, w *testProcess) {
		w.Start("p", false)
		for range 10 {
			sleep(20 * time.Second)
			w.ExtendTimeout(w.child.pid, time.Minute)
			w.expectState(t, states.Starting)
		}
		sleep(time.Minute)
		if got := w.Status().SpawnErr; got != "not ready within 260 seconds" {
			t.Errorf("spawn error %q", got)
		}
	})
}

func TestReplaceUnhealthyChild(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, w *testProcess) {
		w.start(t)
		first := w.child
		w.Replace(first.pid, "http 503")
		sleep(2 * time.Second)
		w.expectState(t, states.Running)
		if w.child == first || w.Status().Reason != "restarted by health: it was unhealthy (http 503)" {
			t.Errorf("reason %q", w.Status().Reason)
		}
		w.Replace(first.pid, "http 503")
		w.expectState(t, states.Running) // that one is gone already
		// An operator who stops it meanwhile means it.
		w.child.update(func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGTERM} })
		w.Replace(w.child.pid, "http 503")
		if err := w.Stop("p", true).Wait(t.Context()); err != nil {
			t.Errorf("stop: %v", err)
		}
		sleep(time.Minute)
		w.expectState(t, states.Stopped)
		if got := w.Status().Reason; got != "stopped by an operator" {
			t.Errorf("reason %q", got)
		}
	})
}
