package supervisor_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor"
)

// probed is a program with a readiness check, which must succeed within half a minute, and a
// health check.
func probed(name string) *config.Group {
	g := program(name, 1)
	c := g.Processes[0]
	c.Configured = true
	c.Ready = config.Readiness{Probe: config.Probe{Text: "tcp://x:1", Kind: config.TCPProbe}, Timeout: 30 * time.Second, Interval: time.Second}
	c.Health = config.Health{Probe: c.Ready.Probe, Interval: time.Second, Failures: 3}
	return g
}

// TestHealthInfo: the infos have the readiness and health of programs with such checks, and
// only of those.
func TestHealthInfo(t *testing.T) {
	withDaemon(t, configOf(program("plain", 1), probed("web")), func(t *testing.T, w *testDaemon) {
		advance(2 * time.Second)
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
		p.ReportHealth(pid, process.Healthy, "")
		expect(true, "healthy", "pid 102, uptime 0:00:02, healthy", "healthy")
		p.ReportHealth(pid, process.Healthy, "http 503")
		expect(true, "healthy", "pid 102, uptime 0:00:02, failing: http 503", "failing")
		p.ReportHealth(pid, process.Unhealthy, "http 503")
		expect(false, "unhealthy", "pid 102, uptime 0:00:02, unhealthy: http 503", "unhealthy")
	})
}

func TestWaitFor(t *testing.T) {
	withDaemon(t, configOf(program("plain", 1), probed("web")), func(t *testing.T, w *testDaemon) {
		wait := func(name, goal string, timeout time.Duration, want bool, took time.Duration) {
			t.Helper()
			begun := time.Now()
			met, err := w.WaitFor(t.Context(), name, goal, timeout)
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
		p.ReportHealth(w.children["web"].pid, process.Unhealthy, "http 503")
		wait("web", "running", time.Minute, true, 0)
		wait("web", "ready", time.Second, false, time.Second)
		time.AfterFunc(3*time.Second, func() { _, _ = w.StopProcess(t.Context(), "web", supervisor.Call{}) })
		wait("web", "stopped", time.Minute, true, 3*time.Second)
		if _, err := w.WaitFor(t.Context(), "web", "good", time.Second); !isFault(err, faults.IncorrectParameters) {
			t.Errorf("got %v", err)
		}
		if _, err := w.WaitFor(t.Context(), "none", "ready", time.Second); !isFault(err, faults.BadName) {
			t.Errorf("got %v", err)
		}
		// One that is never ready becomes FATAL.
		if _, err := w.StartProcess(t.Context(), "web", supervisor.Call{}); err != nil {
			t.Fatal(err)
		}
		_, err := w.WaitFor(t.Context(), "web", "ready", time.Hour)
		if want := faults.New(faults.AbnormalTermination, "web was given up: not ready within 30 seconds"); err == nil || err.Error() != want.Error() {
			t.Errorf("got %v, want %v", err, want)
		}
	})
}

// TestWaitForFollowsName: the answer is that of the process that has the name at the end, or
// comes soon after it has been removed.
func TestWaitForFollowsName(t *testing.T) {
	type waited struct {
		met  bool
		err  error
		took time.Duration
	}
	for name, tt := range map[string]struct {
		who, goal string
		change    func(t *testing.T, w *testDaemon)
		want      waited
	}{
		"a group is replaced as a whole": {"web", "ready", func(t *testing.T, w *testDaemon) {
			w.stopAndRemove(t, "web")
			advance(3 * time.Second)
			must(t, w.AddGroup(t.Context(), "web"))
			w.readyAfter(t, "web", 2*time.Second)
		}, waited{met: true, took: 5 * time.Second}},
		"all of a group": {"web:*", "ready", func(t *testing.T, w *testDaemon) {
			w.stopAndRemove(t, "web")
			must(t, w.AddGroup(t.Context(), "web"))
			w.readyAfter(t, "web", 2*time.Second)
		}, waited{met: true, took: 2 * time.Second}},
		"a process is replaced": {"web", "ready", func(t *testing.T, w *testDaemon) {
			_, err := w.StopProcess(t.Context(), "web", supervisor.Call{Wait: true})
			must(t, err)
			p := w.find(t, "web")
			_, err = w.ReplaceProcess(p, p.Config)
			must(t, err)
			_, err = w.StartProcess(t.Context(), "web", supervisor.Call{})
			must(t, err)
			w.readyAfter(t, "web", 2*time.Second)
		}, waited{met: true, took: 2 * time.Second}},
		"a group gets more": {"web:*", "stopped", func(t *testing.T, w *testDaemon) {
			_, err := w.AddProcesses("web", []*config.Process{probedNamed("web_1")}, true)
			must(t, err)
			advance(time.Second)
			_, err = w.StopGroup(t.Context(), "web", supervisor.Call{Wait: true})
			must(t, err)
		}, waited{met: true, took: time.Second}},
		"removed, and not configured any more": {"web", "exited", func(t *testing.T, w *testDaemon) {
			w.loadConfig = func() (*config.Config, error) { return configOf(program("plain", 1)), nil }
			_, err := w.Reload(t.Context())
			must(t, err)
			w.stopAndRemove(t, "web")
		}, waited{err: faults.New(faults.BadName, "web")}},
		"removed, and not added again": {"web", "exited", func(t *testing.T, w *testDaemon) {
			w.stopAndRemove(t, "web")
		}, waited{err: faults.New(faults.BadName, "web"), took: 5 * time.Second}},
		"one of a group is removed": {"web:web", "exited", func(t *testing.T, w *testDaemon) {
			_, err := w.StopProcess(t.Context(), "web", supervisor.Call{Wait: true})
			must(t, err)
			must(t, w.RemoveProcess("web", "web"))
		}, waited{err: faults.New(faults.BadName, "web:web")}},
	} {
		t.Run(name, func(t *testing.T) {
			withDaemon(t, configOf(program("plain", 1), probed("web")), func(t *testing.T, w *testDaemon) {
				got := make(chan waited, 1)
				begun := time.Now()
				go func() {
					met, err := w.WaitFor(t.Context(), tt.who, tt.goal, time.Hour)
					got <- waited{met, err, time.Since(begun)}
				}()
				synctest.Wait()
				tt.change(t, w)
				is := <-got
				if is.met != tt.want.met || is.took != tt.want.took || fmt.Sprint(is.err) != fmt.Sprint(tt.want.err) {
					t.Errorf("got %v, %v after %s, want %v, %v after %s", is.met, is.err, is.took, tt.want.met, tt.want.err, tt.want.took)
				}
			})
		})
	}
}

// TestAwaitEndsOnRemoval: a call that waits is answered when its process is removed.
func TestAwaitEndsOnRemoval(t *testing.T) {
	withDaemon(t, configOf(program("plain", 1)), func(t *testing.T, w *testDaemon) {
		p := w.find(t, "plain")
		answer := p.Await(t.Context(), func(*process.Status) (bool, error) { return false, nil })
		w.stopAndRemove(t, "plain")
		if err := answer.Wait(t.Context()); !isFault(err, faults.BadName) {
			t.Errorf("got %v", err)
		}
		if err := p.Await(t.Context(), func(*process.Status) (bool, error) { return false, nil }).Wait(t.Context()); !isFault(err, faults.BadName) {
			t.Errorf("afterwards: %v", err)
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// stopAndRemove removes a group, as an update does before it adds it again.
func (w *testDaemon) stopAndRemove(t *testing.T, group string) {
	t.Helper()
	_, err := w.StopGroup(t.Context(), group, supervisor.Call{Wait: true})
	must(t, err)
	must(t, w.RemoveGroup(t.Context(), group))
}

func (w *testDaemon) readyAfter(t *testing.T, name string, d time.Duration) {
	t.Helper()
	time.Sleep(d)
	w.mu.Lock()
	pid := w.children[name].pid
	w.mu.Unlock()
	w.find(t, name).Ready(pid)
}

// probedNamed is a further process of the program web.
func probedNamed(name string) *config.Process {
	c := *probed("web").Processes[0]
	c.Name = name
	return &c
}

func (w *testDaemon) find(t *testing.T, name string) *process.Process {
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
