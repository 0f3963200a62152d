package supervisor_test

import (
	"errors"
	"testing"
	"time"

	"supervisor/supervisord/config"
	"supervisor/supervisord/faults"
	"supervisor/supervisord/process"
)

// probed is a program that has to be ready within half a minute, and healthy.
func probed(name string) *config.Group {
	g := program(name, 1)
	c := g.Processes[0]
	c.Configured = true
	c.Ready = config.Readiness{Probe: config.Probe{Text: "tcp://x:1", Kind: config.TCPProbe}, Timeout: 30 * time.Second, Interval: time.Second}
	c.Health = config.Health{Probe: c.Ready.Probe, Interval: time.Second, Failures: 3}
	return g
}

// TestVitals: what the infos say of a program that has to be ready and healthy,
// and that they say nothing of others.
func TestVitals(t *testing.T) {
	inWorld(t, configOf(program("plain", 1), probed("web")), func(t *testing.T, w *world) {
		pass(2 * time.Second)
		if i, _ := w.Info("plain"); i.Ready != nil || i.Health != "" || i.Description != "pid 101, uptime 0:00:02" {
			t.Errorf("%+v", i)
		}
		expect := func(ready bool, health, description, condition string) {
			t.Helper()
			i, err := w.Info("web")
			if err != nil || i.Ready != ready || i.Health != health || i.Description != description {
				t.Errorf("got %v, %q, %q, want %v, %q, %q", i.Ready, i.Health, i.Description, ready, health, description)
			}
			if all := w.Healths(); len(all) != 1 || all[0].Name != "web" || all[0].Condition != condition {
				t.Errorf("got %+v, want %s", all, condition)
			}
		}
		expect(false, "unknown", "waiting to be ready", "waiting")
		pid := w.children["web"].pid
		p := w.find(t, "web")
		p.NotReady(pid, "connection refused")
		expect(false, "unknown", "waiting to be ready: connection refused", "waiting")
		p.Ready(pid)
		expect(true, "unknown", "pid 102, uptime 0:00:02, ready", "ready")
		p.Judge(pid, process.Healthy, "")
		expect(true, "healthy", "pid 102, uptime 0:00:02, healthy", "healthy")
		p.Judge(pid, process.Healthy, "http 503")
		expect(true, "healthy", "pid 102, uptime 0:00:02, failing: http 503", "failing")
		p.Judge(pid, process.Unhealthy, "http 503")
		expect(false, "unhealthy", "pid 102, uptime 0:00:02, unhealthy: http 503", "unhealthy")
	})
}

func TestWaitFor(t *testing.T) {
	inWorld(t, configOf(program("plain", 1), probed("web")), func(t *testing.T, w *world) {
		wait := func(name, goal string, patience time.Duration, want bool, took time.Duration) {
			t.Helper()
			begun := time.Now()
			met, err := w.WaitFor(t.Context(), name, goal, patience)
			if got := time.Since(begun); met != want || err != nil || got != took {
				t.Errorf("%s for %s: %v, %v after %s, want %v after %s", name, goal, met, err, got, want, took)
			}
		}
		wait("plain", "running", time.Minute, true, time.Second)
		wait("plain:*", "ready", time.Minute, true, 0)
		wait("web", "ready", 10*time.Second, false, 10*time.Second)
		p := w.find(t, "web")
		time.AfterFunc(5*time.Second, func() { p.Ready(w.children["web"].pid) })
		wait("web", "ready", time.Minute, true, 5*time.Second)
		p.Judge(w.children["web"].pid, process.Unhealthy, "http 503")
		wait("web", "running", time.Minute, true, 0)
		wait("web", "ready", time.Second, false, time.Second)
		time.AfterFunc(3*time.Second, func() { _, _ = w.StopProcess(t.Context(), "web", false) })
		wait("web", "stopped", time.Minute, true, 3*time.Second)
		if _, err := w.WaitFor(t.Context(), "web", "good", time.Second); !isFault(err, faults.IncorrectParameters) {
			t.Errorf("got %v", err)
		}
		if _, err := w.WaitFor(t.Context(), "none", "ready", time.Second); !isFault(err, faults.BadName) {
			t.Errorf("got %v", err)
		}
		// One that is never ready is given up some day.
		if _, err := w.StartProcess(t.Context(), "web", false); err != nil {
			t.Fatal(err)
		}
		_, err := w.WaitFor(t.Context(), "web", "ready", time.Hour)
		if want := faults.New(faults.AbnormalTermination, "web was given up: not ready within 30 seconds"); err == nil || err.Error() != want.Error() {
			t.Errorf("got %v, want %v", err, want)
		}
	})
}

func (w *world) find(t *testing.T, name string) *process.Process {
	t.Helper()
	for _, p := range w.Processes() {
		if p.FullName() == name {
			return p
		}
	}
	t.Fatalf("there is no %s", name)
	return nil
}

func isFault(err error, code faults.Code) bool {
	fault, ok := errors.AsType[*faults.Error](err)
	return ok && fault.Code == code
}
