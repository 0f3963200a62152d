package process

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/spawn"
)

const success = "success: p entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)"

// forChild is an input about the child that a machine has in tests.
func forChild(in input) input { in.pid = 7; return in }

func TestReadinessSteps(t *testing.T) {
	t.Parallel()
	adoptedStarting := restored(childAdopted, states.Starting)
	adoptedStarting.saved.ReadyBy = noon.Add(time.Minute)
	adoptedReady := restored(childAdopted, states.Starting)
	adoptedReady.saved.ReadyBy, adoptedReady.saved.Ready = noon.Add(time.Minute), true
	adoptedLate := restored(childAdopted, states.Starting)
	*adoptedLate.saved = *adoptedStarting.saved
	adoptedLate.saved.ReadyTimedOut, adoptedLate.saved.Deadline = true, noon.Add(65*time.Second)
	handedOver := func(in input) input { in.handedOver = true; return in }
	notify := func(m *machine) { m.conf.Ready.Kind = config.NotifyProbe }
	fd := func(m *machine) { m.conf.Ready.Kind = config.FDProbe }
	log := func(m *machine) { m.conf.Ready.Kind = config.LogProbe }
	maybeMissed := func(m *machine) { m.ReadyMaybeMissed = true }
	forever := func(m *machine) { m.conf.Ready.Timeout, m.ReadyBy = config.Forever, time.Time{} }
	late := func(m *machine) { m.ReadyTimedOut = true }
	refused := func(m *machine) { m.NotReadyReason = "connection refused" }
	for _, tt := range []struct {
		name  string
		state states.Process
		set   func(*machine)
		in    input
		age   time.Duration // since the last birth
		want  []string
	}{
		{"born", states.Starting, nil, input{kind: childSpawned, pid: 9}, 0, []string{"spawned: 'p' with pid 9", "arm 1m0s"}},
		{"born without a limit", states.Starting, forever, input{kind: childSpawned, pid: 9}, 0, []string{"spawned: 'p' with pid 9", "disarm"}},
		{"born with startsecs 0", states.Starting, func(m *machine) { m.conf.StartSecs = 0 }, input{kind: childSpawned, pid: 9}, 0,
			[]string{"spawned: 'p' with pid 9", "arm 1m0s"}},
		{"round over", states.Starting, func(m *machine) { m.conf.StartSecs, m.inBatch = 0, true }, input{kind: batchStarted}, 0, nil},
		{"ready before startsecs", states.Starting, nil, forChild(input{kind: becameReady}), 300 * time.Millisecond, []string{"arm 700ms"}},
		{"ready and old enough", states.Starting, func(m *machine) { m.Ready = true }, input{kind: timerFired}, time.Second,
			[]string{"STARTING->RUNNING", success + " and is ready"}},
		{"ready after startsecs", states.Starting, nil, forChild(input{kind: becameReady}), 5 * time.Second,
			[]string{"STARTING->RUNNING", success + " and is ready"}},
		{"another child is ready", states.Starting, nil, input{kind: becameReady, pid: 6}, 5 * time.Second, nil},
		{"ready too late", states.Starting, late, forChild(input{kind: becameReady}), 61 * time.Second, nil},
		{"not ready in time", states.Starting, refused, input{kind: timerFired}, time.Minute,
			[]string{"stopping: p (7): not ready within 60 seconds (connection refused)", "arm 10s", "signal SIGTERM"}},
		{"not ready in time, and nobody knows why", states.Starting, nil, input{kind: timerFired}, time.Minute,
			[]string{"stopping: p (7): not ready within 60 seconds", "arm 10s", "signal SIGTERM"}},
		{"stopped as a group", states.Starting, func(m *machine) { m.conf.StopAsGroup = true }, input{kind: timerFired}, time.Minute,
			[]string{"stopping: p (7): not ready within 60 seconds", "arm 10s", "signal SIGTERM to the group"}},
		{"disobedient", states.Starting, late, input{kind: timerFired}, 70 * time.Second,
			[]string{"killing 'p' (7) with SIGKILL", "arm 10s", "signal SIGKILL"}},
		{"ended at last", states.Starting, late, input{kind: childExited, exit: spawn.Exit{Code: 0}}, 70 * time.Second,
			[]string{"STARTING->BACKOFF", "exited: p (exit status 0; not expected)", "arm 1s"}},
		{"for the last time", states.Starting, func(m *machine) { late(m); m.Tries = 3 }, input{kind: childExited, exit: spawn.Exit{Code: 0}}, 70 * time.Second,
			[]string{"STARTING->BACKOFF", "exited: p (exit status 0; not expected)", "BACKOFF->FATAL",
				"gave up: p entered FATAL state, too many start retries too quickly"}},
		{"ended before it was ready", states.Starting, nil, input{kind: childExited, exit: spawn.Exit{Code: 0}}, 5 * time.Second,
			[]string{"STARTING->BACKOFF", "exited: p (exit status 0; not expected)", "arm 1s"}},
		{"ready, and overtakes its timer", states.Starting, func(m *machine) { m.Ready = true }, input{kind: childExited, exit: spawn.Exit{Code: 0}}, 5 * time.Second,
			[]string{"STARTING->RUNNING", "RUNNING->EXITED", "exited: p (exit status 0; expected)"}},
		{"stop", states.Starting, nil, input{kind: stopRequested}, 5 * time.Second, []string{"STARTING->STOPPING", "arm 10s", "signal SIGTERM"}},
		{"stop of one that is being ended", states.Starting, late, input{kind: stopRequested}, 61 * time.Second,
			[]string{"STARTING->STOPPING", "arm 10s", "signal SIGTERM"}},
		{"more time", states.Starting, nil, forChild(input{kind: timeoutExtended, extension: 30 * time.Second}), 50 * time.Second, []string{"arm 30s"}},
		{"less time", states.Starting, nil, forChild(input{kind: timeoutExtended, extension: 3 * time.Second}), 50 * time.Second, nil},
		{"all the time in the world", states.Starting, nil, forChild(input{kind: timeoutExtended, extension: config.Forever}), 50 * time.Second, []string{"arm 24h0m0s"}},
		{"more time than for ever", states.Starting, forever, forChild(input{kind: timeoutExtended, extension: time.Second}), 50 * time.Second, nil},
		{"time up, but there is more", states.Starting, func(m *machine) { m.ReadyBy = noon.Add(80 * time.Second) }, input{kind: timerFired}, time.Minute, []string{"arm 20s"}},
		{"more time to stop", states.Stopping, func(m *machine) { m.Deadline = noon.Add(10 * time.Second) },
			forChild(input{kind: timeoutExtended, extension: 30 * time.Second}), 5 * time.Second, []string{"arm 30s"}},
		{"no more time to stop than there is", states.Stopping, func(m *machine) { m.Deadline = noon.Add(10 * time.Second) },
			forChild(input{kind: timeoutExtended, extension: time.Second}), 5 * time.Second, nil},

		{"adopted", states.Stopped, nil, adoptedStarting, 20 * time.Second, []string{"was STARTING", "adopted: 'p' with pid 9", "arm 40s"}},
		{"adopted with little time left", states.Stopped, nil, adoptedStarting, 58 * time.Second, []string{"was STARTING", "adopted: 'p' with pid 9", "arm 10s"}},
		{"adopted, and may have said so to nobody", states.Stopped, notify, adoptedStarting, 58 * time.Second,
			[]string{"was STARTING", "adopted: 'p' with pid 9", "arm 1m0s"}},
		{"by a pipe", states.Stopped, fd, adoptedStarting, 58 * time.Second, []string{"was STARTING", "adopted: 'p' with pid 9", "arm 1m0s"}},
		{"by its output", states.Stopped, log, adoptedStarting, 58 * time.Second, []string{"was STARTING", "adopted: 'p' with pid 9", "arm 1m0s"}},
		{"handed over, it has been heard all the time", states.Stopped, notify, handedOver(adoptedStarting), 58 * time.Second, []string{"was STARTING", "arm 2s"}},
		{"it has not said so since", states.Starting, maybeMissed, input{kind: timerFired}, time.Minute,
			[]string{"taken for ready: p (7) has not said so since it was adopted, but may have before", "STARTING->RUNNING", success + " and is ready"}},
		{"it asks for more time", states.Starting, maybeMissed, forChild(input{kind: timeoutExtended, extension: time.Hour}), time.Minute, []string{"arm 1h0m0s"}},
		{"other limit for it", states.Starting, maybeMissed, input{kind: reconfigured}, 50 * time.Second, []string{"arm 1m0s"}},
		{"handed over with little time left", states.Stopped, nil, handedOver(adoptedStarting), 58 * time.Second, []string{"was STARTING", "arm 2s"}},
		{"adopted while being ended", states.Stopped, nil, adoptedLate, 61 * time.Second, []string{"was STARTING", "adopted: 'p' with pid 9", "arm 4s"}},
		{"adopted between ready and startsecs", states.Stopped, nil, adoptedReady, 300 * time.Millisecond,
			[]string{"was STARTING", "adopted: 'p' with pid 9", "arm 59.7s"}}, // it is asked again
		{"the same after it has said so", states.Stopped, notify, adoptedReady, 300 * time.Millisecond,
			[]string{"was STARTING", "adopted: 'p' with pid 9", "arm 700ms"}},
		{"the same in an upgrade", states.Stopped, nil, handedOver(adoptedReady), 300 * time.Millisecond, []string{"was STARTING", "arm 700ms"}},

		{"other limit", states.Starting, func(m *machine) { m.conf.Ready.Timeout = 90 * time.Second }, input{kind: reconfigured}, 50 * time.Second, []string{"arm 40s"}},
		{"no limit any more", states.Starting, func(m *machine) { m.conf.Ready.Timeout = config.Forever }, input{kind: reconfigured}, 50 * time.Second, []string{"disarm"}},
		{"no probe any more", states.Starting, func(m *machine) { m.conf.Ready = config.Readiness{} }, input{kind: reconfigured}, 50 * time.Second, []string{"arm 0s"}},

		{"renewed", states.Running, nil, forChild(input{kind: replaceRequested, by: "health"}), time.Hour, []string{"RUNNING->STOPPING", "arm 10s", "signal SIGTERM"}},
		{"another child is to be renewed", states.Running, nil, input{kind: replaceRequested, pid: 6}, time.Hour, nil},
		{"stop of one that is being renewed", states.Stopping, func(m *machine) { m.StartPending, m.StartPendingBy = true, "health" }, input{kind: stopRequested}, 0, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := machineIn(tt.state)
			awaitingReady(m)
			if tt.set != nil {
				tt.set(m)
			}
			if tt.in.kind == childSpawned {
				m.PID = 0
			}
			got := describe(m.step(m.Started.Add(tt.age), tt.in))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("effects (-want +got):\n%s", diff)
			}
		})
	}
}

// TestReadinessSurvivesDaemonCrash: who was RUNNING is as ready as before; who was not
// yet is asked again.
func TestReadinessSurvivesDaemonCrash(t *testing.T) {
	t.Parallel()
	for state, want := range map[states.Process]bool{states.Running: true, states.Starting: false} {
		m := machineIn(states.Stopped)
		awaitingReady(m)
		in := restored(childAdopted, state)
		in.saved.Ready, in.saved.Health = true, Healthy
		m.step(m.Started.Add(time.Second), in)
		if m.State != state || m.Ready != want || m.Health != HealthUnknown {
			t.Errorf("%s: %s, ready %t, health %v", state, m.State, m.Ready, m.Health)
		}
	}
}

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
		if s := w.Status(); s.ProbeResults != (ProbeResults{ReadyBy: time.Now().Add(time.Minute)}) {
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
