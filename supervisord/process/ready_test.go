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
	"supervisor/supervisord/system/boottime"
)

// withReadyProcess is withProcess with a program that has ready=.
func withReadyProcess(t *testing.T, test func(*testing.T, *testProcess)) {
	t.Helper()
	withProcess(t, func(c *config.Process) {
		c.Ready = config.Readiness{Probe: config.Probe{Kind: config.TCPProbe}, Timeout: time.Minute, Interval: time.Second}
	}, test)
}

func TestStartIsAnsweredWhenReady(t *testing.T) {
	withReadyProcess(t, func(t *testing.T, tp *testProcess) {
		a := tp.Start("p", true)
		sleep(30 * time.Second)
		tp.expectState(t, states.Starting)
		tp.NotReady(tp.child.pid, "connection refused")
		if got := tp.Status().NotReadyReason; got != "connection refused" {
			t.Errorf("reason %q", got)
		}
		tp.Ready(tp.child.pid)
		if err := a.Wait(t.Context()); err != nil || time.Since(tp.started) != 30*time.Second {
			t.Errorf("%v after %s", err, time.Since(tp.started))
		}
		s := tp.Status()
		if s.State != states.Running || !s.Ready || s.NotReadyReason != "" || !s.ProbeChangedAt.Equal(boottime.At(time.Now())) {
			t.Errorf("%+v", s)
		}
		tp.ReportHealth(tp.child.pid, Unhealthy, "http 503")
		if s := tp.Status(); s.Health != Unhealthy || s.HealthFailure != "http 503" || s.State != states.Running {
			t.Errorf("%+v", s)
		}
		tp.child.exit(0) // the next child starts over
		tp.expectState(t, states.Exited)
		tp.Start("p", false)
		if s := tp.Status(); s.ProbeResults != (machine.ProbeResults{ReadyBy: boottime.At(time.Now().Add(time.Minute))}) {
			t.Errorf("%+v", s.ProbeResults)
		}
	})
}

func TestReadyTimeoutFailsStart(t *testing.T) {
	withReadyProcess(t, func(t *testing.T, tp *testProcess) {
		a := tp.Start("p", true)
		sleep(time.Second)
		child := tp.child // before the next one
		child.update(func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGTERM} })
		tp.NotReady(child.pid, "http 503 from http://x/")
		sleep(65 * time.Second)
		tp.expectState(t, states.Starting) // its stop signal was sent
		if s := tp.Status(); !s.ReadyTimedOut || s.Reason != "not ready within 60 seconds (http 503 from http://x/); being stopped" {
			t.Errorf("%+v", s)
		}
		sleep(4500 * time.Millisecond)
		tp.expectState(t, states.Backoff)
		if got := strings.Join(child.got, ", "); got != "SIGTERM false, SIGKILL false" {
			t.Errorf("signals %s", got)
		}
		if s := tp.Status(); s.SpawnErr != "not ready within 60 seconds (http 503 from http://x/)" || s.Tries != 1 {
			t.Errorf("%+v", s)
		}
		if err := a.Wait(t.Context()); !sameFault(err, faults.New(faults.SpawnError, "p")) {
			t.Errorf("start: %v", err)
		}
		for range 3 {
			sleep(70 * time.Second)
		}
		sleep(10 * time.Second)
		tp.expectState(t, states.Fatal)
		if len(tp.spawned) != 4 {
			t.Errorf("spawns at %v", tp.spawned)
		}
		if !strings.Contains(tp.Status().Reason, "not ready within 60 seconds") {
			t.Errorf("reason %q", tp.Status().Reason)
		}
	})
}

func TestExtendStartTimeout(t *testing.T) {
	withReadyProcess(t, func(t *testing.T, tp *testProcess) {
		tp.Start("p", false)
		for range 10 {
			sleep(20 * time.Second)
			tp.ExtendTimeout(tp.child.pid, time.Minute)
			tp.expectState(t, states.Starting)
		}
		sleep(time.Minute)
		if got := tp.Status().SpawnErr; got != "not ready within 260 seconds" {
			t.Errorf("spawn error %q", got)
		}
	})
}

func TestReplaceUnhealthyChild(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, tp *testProcess) {
		tp.start(t)
		first := tp.child
		tp.Replace(first.pid, "http 503")
		sleep(2 * time.Second)
		tp.expectState(t, states.Running)
		if tp.child == first || tp.Status().Reason != "restarted by health: it was unhealthy (http 503)" {
			t.Errorf("reason %q", tp.Status().Reason)
		}
		tp.Replace(first.pid, "http 503")
		tp.expectState(t, states.Running) // that child has exited already
		// A stop by an operator prevails.
		tp.child.update(func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGTERM} })
		tp.Replace(tp.child.pid, "http 503")
		if err := tp.Stop("p", true).Wait(t.Context()); err != nil {
			t.Errorf("stop: %v", err)
		}
		sleep(time.Minute)
		tp.expectState(t, states.Stopped)
		if got := tp.Status().Reason; got != "stopped by an operator" {
			t.Errorf("reason %q", got)
		}
	})
}
