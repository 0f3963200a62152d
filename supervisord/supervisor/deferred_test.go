package supervisor_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/process"
	"supervisor/supervisord/process/machine"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/supervisor"
	"supervisor/supervisord/system/boottime"
)

// dependentProgram is a program that depends on others, written as in a file.
func dependentProgram(name string, needs ...string) *config.Group {
	g := program(name, 999)
	p := g.Processes[0]
	p.Configured, p.DependsTimeout = true, option.Forever
	for _, text := range needs {
		d := config.Dependency{Text: text, Name: text}
		d.Name, d.Together = cutMark(d.Name, "!")
		d.Name, d.Soft = cutMark(d.Name, "?")
		for c := config.ConditionReady; c <= config.ConditionSuccess; c++ {
			if rest, ok := strings.CutSuffix(d.Name, ":"+c.String()); ok {
				d.Name, d.Condition = rest, c
			}
		}
		p.DependsOn = append(p.DependsOn, d)
	}
	return g
}

func cutMark(s, mark string) (string, bool) { return strings.CutSuffix(s, mark) }

// oneshot makes a program run once.
func oneshot(g *config.Group) *config.Group {
	g.Processes[0].StartSecs, g.Processes[0].Autorestart = 0, config.RestartNever
	return g
}

func manual(g *config.Group) *config.Group {
	g.Processes[0].Autostart = false
	return g
}

func (w *testDaemon) describe(name string) string {
	i, err := w.Info(name)
	if err != nil {
		return err.Error()
	}
	return i.StateName + " " + i.Description
}

func (w *testDaemon) expectSpawned(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Equal(w.spawned, want) {
		t.Errorf("spawned %v, want %v", w.spawned, want)
	}
}

func (w *testDaemon) expectStatus(t *testing.T, name, want string) {
	t.Helper()
	if got := w.describe(name); !strings.HasPrefix(got, want) {
		t.Errorf("%s is %q, want %q", name, got, want)
	}
}

// exitChild makes a child exit.
func (w *testDaemon) exitChild(name string, code int) {
	w.mu.Lock()
	c := w.children[name]
	w.mu.Unlock()
	c.end(spawn.Exit{Code: code})
}

// exitChildAndWait is exitChild, and waits until the supervisor has handled it.
func (w *testDaemon) exitChildAndWait(name string, code int) {
	w.exitChild(name, code)
	synctest.Wait()
}

func (w *testDaemon) waitReasons(t *testing.T, name string) string {
	t.Helper()
	list, err := w.Why(name)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, c := range list {
		if c.Kind == "dependency" || c.Kind == "probe" {
			all = append(all, c.Text)
		}
	}
	return strings.Join(all, "; ")
}

// TestStartWaitsForDependencies: other programs start meanwhile.
func TestStartWaitsForDependencies(t *testing.T) {
	conf := configOf(dependentProgram("web", "db", "cache:started"), program("other", 1), program("db", 999), program("cache", 999))
	withDaemon(t, conf, func(t *testing.T, w *testDaemon) {
		w.expectSpawned(t, "other", "db", "cache")
		w.expectStatus(t, "web", "STOPPED waiting for db:ready")
		if got := w.waitReasons(t, "web"); got != "waits for db:ready: db is STARTING" {
			t.Errorf("why: %s", got)
		}
		advance(time.Second)
		w.expectSpawned(t, "other", "db", "cache", "web")
		w.expectStatus(t, "web", "STARTING")
		advance(time.Second)
		w.expectStatus(t, "web", "RUNNING")
		if got := w.waitReasons(t, "web"); got != "" {
			t.Errorf("why: %s", got)
		}
	})
}

func TestDependencyChainStartsInOrder(t *testing.T) {
	conf := configOf(dependentProgram("queue", "migrate:success"), dependentProgram("nginx", "php"), dependentProgram("php", "migrate:success"), oneshot(program("migrate", 999)))
	withDaemon(t, conf, func(t *testing.T, w *testDaemon) {
		w.expectSpawned(t, "migrate")
		advance(30 * time.Second)
		w.expectSpawned(t, "migrate")
		w.exitChildAndWait("migrate", 0)
		w.expectSpawned(t, "migrate", "queue", "php")
		advance(time.Second)
		w.expectSpawned(t, "migrate", "queue", "php", "nginx")
	})
}

// TestPriorityOrdersReadyStarts: of two starts that wait for the same, the one with the
// lower priority number is made first.
func TestPriorityOrdersReadyStarts(t *testing.T) {
	late, early := dependentProgram("a", "db"), dependentProgram("b", "db")
	early.Priority = 5
	withDaemon(t, configOf(late, early, program("db", 999)), func(t *testing.T, w *testDaemon) {
		advance(time.Second)
		w.expectSpawned(t, "db", "b", "a")
	})
}

func TestGroupDependencyWaitsForAll(t *testing.T) {
	slow := proc("g", "slow", 1)
	slow.StartSecs = 5
	conf := configOf(dependentProgram("web", "g"), group("g", 999, slow, proc("g", "fast", 2)))
	withDaemon(t, conf, func(t *testing.T, w *testDaemon) {
		advance(4 * time.Second)
		w.expectSpawned(t, "slow", "fast")
		if got := w.waitReasons(t, "web"); got != "waits for g:ready: g:slow is STARTING" {
			t.Errorf("why: %s", got)
		}
		advance(time.Second)
		w.expectSpawned(t, "slow", "fast", "web")
	})
}

// withoutRetries is a program that becomes FATAL at its first failure.
func withoutRetries(name string) *config.Group {
	g := program(name, 999)
	g.Processes[0].StartRetries = 0
	return g
}

// TestDependencyFails: a start with a hard dependency waits until somebody starts that; one
// with a soft dependency is made.
func TestDependencyFails(t *testing.T) {
	conf := configOf(dependentProgram("hard", "db"), dependentProgram("soft", "db?"), withoutRetries("db"))
	withDaemon(t, conf, func(t *testing.T, w *testDaemon) {
		w.expectStatus(t, "soft", "STOPPED waiting for db:ready")
		w.exitChildAndWait("db", 1) // too soon
		w.expectStatus(t, "db", "FATAL")
		w.expectSpawned(t, "db", "soft")
		advance(time.Hour)
		w.expectStatus(t, "hard", "STOPPED waiting for db:ready")
		want := "waits for db:ready, which will not come by itself: db is FATAL (Exited too quickly (process log may have details))"
		if got := w.waitReasons(t, "hard"); got != want {
			t.Errorf("why: %s", got)
		}
		if _, err := w.StartProcess(t.Context(), "db", supervisor.Call{Wait: true}); err != nil {
			t.Fatal(err)
		}
		w.expectSpawned(t, "db", "soft", "db", "hard")
	})
}

func TestDependsTimeout(t *testing.T) {
	hard, soft := dependentProgram("hard", "db"), dependentProgram("soft", "db?")
	hard.Processes[0].DependsTimeout, soft.Processes[0].DependsTimeout = 2*time.Minute, time.Minute
	db := program("db", 999)
	db.Processes[0].StartSecs = 1000
	withDaemon(t, configOf(hard, soft, db), func(t *testing.T, w *testDaemon) {
		advance(time.Minute - time.Nanosecond)
		w.expectSpawned(t, "db")
		advance(time.Nanosecond)
		w.expectSpawned(t, "db", "soft")
		advance(time.Minute)
		w.expectStatus(t, "hard", "FATAL db was not ready within 2m")
		if !slices.Contains(w.log.Lines(), "gave up: hard entered FATAL state, db was not ready within 2m") {
			t.Errorf("logged %q", w.log.Lines())
		}
		advance(time.Hour)
		w.expectSpawned(t, "db", "soft")
	})
}

func TestAutorestartDoesNotWait(t *testing.T) {
	withDaemon(t, configOf(dependentProgram("web", "db"), program("db", 999)), func(t *testing.T, w *testDaemon) {
		advance(3 * time.Second)
		if _, err := w.StopProcess(t.Context(), "db", supervisor.Call{Wait: true}); err != nil {
			t.Fatal(err)
		}
		w.expectStatus(t, "web", "RUNNING")
		if got := w.waitReasons(t, "web"); got != "db:ready does not hold now: db is STOPPED" {
			t.Errorf("why: %s", got)
		}
		w.exitChildAndWait("web", 1)
		w.expectSpawned(t, "db", "web", "web")
	})
}

// TestRestartTogether: when a dependency exits or is stopped, what is restarted together with
// it stops, and starts again after it.
func TestRestartTogether(t *testing.T) {
	for name, leave := range map[string]func(*testing.T, *testDaemon){
		"crash": func(_ *testing.T, w *testDaemon) { w.exitChildAndWait("db", 1) },
		"restart": func(t *testing.T, w *testDaemon) {
			if _, err := w.StopProcess(t.Context(), "db", supervisor.Call{Wait: true}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			w.expectStatus(t, "web", "STOPPED waiting for db:ready")
			if _, err := w.StartProcess(t.Context(), "db", supervisor.Call{}); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			withDaemon(t, configOf(dependentProgram("queue", "web!"), dependentProgram("web", "db!"), program("db", 999)), func(t *testing.T, w *testDaemon) {
				advance(5 * time.Second)
				w.expectSpawned(t, "db", "web", "queue")
				leave(t, w)
				w.expectSpawned(t, "db", "web", "queue", "db")
				w.expectStatus(t, "web", "STOPPED waiting for db:ready")
				w.expectStatus(t, "queue", "STOPPED waiting for web:ready")
				if reasons, _ := w.Why("web"); reasons[0].Text != "waiting for db:ready" && reasons[0].Text != "stopped by dependency db" {
					t.Errorf("why: %v", reasons)
				}
				advance(time.Second)
				w.expectSpawned(t, "db", "web", "queue", "db", "web")
				advance(time.Second)
				w.expectSpawned(t, "db", "web", "queue", "db", "web", "queue")
			})
		})
	}
}

// TestStoppedProcessStaysStopped: a dependency that starts again does not start what an
// operator has stopped.
func TestStoppedProcessStaysStopped(t *testing.T) {
	withDaemon(t, configOf(dependentProgram("web", "db!"), dependentProgram("late", "db"), program("db", 999)), func(t *testing.T, w *testDaemon) {
		if _, err := w.StopProcess(t.Context(), "late", supervisor.Call{Wait: true}); err != nil {
			t.Errorf("stop of one that waits: %v", err)
		}
		w.expectStatus(t, "late", "STOPPED Not started")
		advance(3 * time.Second)
		for _, name := range []string{"web", "db"} {
			if _, err := w.StopProcess(t.Context(), name, supervisor.Call{Wait: true}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.StartProcess(t.Context(), "db", supervisor.Call{Wait: true}); err != nil {
			t.Fatal(err)
		}
		advance(time.Minute)
		w.expectSpawned(t, "db", "web", "db")
		if _, err := w.StopProcess(t.Context(), "late", supervisor.Call{Wait: true}); fmt.Sprint(err) != "NOT_RUNNING: late" {
			t.Errorf("stop of one that does not wait any more: %v", err)
		}
	})
}

// TestStartPullsInDependencies: they start in order, and the answer comes when the process
// runs.
func TestStartPullsInDependencies(t *testing.T) {
	conf := configOf(manual(dependentProgram("nginx", "php")), manual(dependentProgram("php", "migrate:success", "db")), manual(oneshot(dependentProgram("migrate", "db"))), manual(program("db", 999)))
	withDaemon(t, conf, func(t *testing.T, w *testDaemon) {
		w.expectSpawned(t)
		time.AfterFunc(30*time.Second, func() { w.exitChild("migrate", 0) })
		begun := time.Now()
		if _, err := w.StartProcess(t.Context(), "nginx", supervisor.Call{Wait: true}); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took != 32*time.Second {
			t.Errorf("it took %s", took)
		}
		w.expectSpawned(t, "db", "migrate", "php", "nginx")
		if reasons, _ := w.Why("db"); reasons[0].Text != "started by migrate, which needs it" {
			t.Errorf("why: %v", reasons)
		}
	})
}

func TestFailedStartNamesDependency(t *testing.T) {
	db := manual(withoutRetries("db"))
	conf := configOf(manual(dependentProgram("nginx", "php")), manual(dependentProgram("php", "db")), db)
	withDaemon(t, conf, func(t *testing.T, w *testDaemon) {
		time.AfterFunc(time.Second/2, func() { w.exitChild("db", 1) })
		begun := time.Now()
		_, err := w.StartProcess(t.Context(), "php", supervisor.Call{Wait: true})
		want := "ABNORMAL_TERMINATION: php: it needs db:ready, and db is FATAL (Exited too quickly (process log may have details))"
		if fmt.Sprint(err) != want || time.Since(begun) != time.Second/2 {
			t.Errorf("after %s: %v", time.Since(begun), err)
		}
		w.expectStatus(t, "php", "STOPPED Not started")
		advance(time.Hour)
		w.expectSpawned(t, "db")
	})
}

func TestStartFailsForTransitiveDependency(t *testing.T) {
	conf := configOf(manual(dependentProgram("nginx", "php")), manual(dependentProgram("php", "db")), manual(withoutRetries("db")))
	withDaemon(t, conf, func(t *testing.T, w *testDaemon) {
		time.AfterFunc(time.Second/2, func() { w.exitChild("db", 1) })
		_, err := w.StartProcess(t.Context(), "nginx", supervisor.Call{Wait: true})
		want := "ABNORMAL_TERMINATION: nginx: it needs php:ready, which needs db:ready, and db is FATAL (Exited too quickly (process log may have details))"
		if fmt.Sprint(err) != want {
			t.Errorf("got %v", err)
		}
		w.expectStatus(t, "php", "STOPPED Not started")
		w.expectStatus(t, "nginx", "STOPPED Not started")
	})
}

func TestStartWithoutWaiting(t *testing.T) {
	withDaemon(t, configOf(manual(dependentProgram("web", "db")), manual(program("db", 999))), func(t *testing.T, w *testDaemon) {
		if _, err := w.StartProcess(t.Context(), "web", supervisor.Call{}); err != nil {
			t.Fatal(err)
		}
		w.expectStatus(t, "web", "STOPPED waiting for db:ready")
		advance(time.Second)
		w.expectSpawned(t, "db", "web")
	})
}

func TestStartWithoutDependencies(t *testing.T) {
	withDaemon(t, configOf(dependentProgram("web", "db"), manual(program("db", 999))), func(t *testing.T, w *testDaemon) {
		w.expectStatus(t, "web", "STOPPED waiting for db:ready")
		if _, err := w.StartProcess(t.Context(), "web", supervisor.Call{Alone: true, Wait: true}); err != nil {
			t.Fatal(err)
		}
		w.expectSpawned(t, "web")
	})
}

// TestAllStartAndStopInOrder: and what does not depend on one another at the same time.
func TestAllStartAndStopInOrder(t *testing.T) {
	conf := configOf(manual(dependentProgram("web", "db", "cache")), manual(dependentProgram("job", "cache")), manual(program("db", 999)), manual(program("cache", 999)), manual(program("other", 999)))
	withDaemon(t, conf, func(t *testing.T, w *testDaemon) {
		results, err := w.StartAll(t.Context(), supervisor.Call{Wait: true})
		for _, r := range results {
			if r.Description != "OK" {
				t.Errorf("start: %+v", r)
			}
		}
		if len(results) != 5 || err != nil {
			t.Errorf("start: %v, %v", results, err)
		}
		slices.Sort(w.spawned[3:]) // they start at the same time
		w.expectSpawned(t, "db", "cache", "other", "job", "web")
		for _, name := range []string{"web", "job", "db", "cache", "other"} {
			w.stopDelay[name] = 2 * time.Second
		}
		begun := time.Now()
		if results, err = w.StopAll(t.Context(), supervisor.Call{Wait: true}); len(results) != 5 || err != nil {
			t.Errorf("stop: %v, %v", results, err)
		}
		if took := time.Since(begun); took != 4*time.Second {
			t.Errorf("the stops took %s", took)
		}
		var order []string
		for _, line := range w.log.Lines() {
			if name, ok := strings.CutPrefix(line, "stopped: "); ok {
				order = append(order, strings.Fields(name)[0])
			}
		}
		for _, name := range []string{"web", "job", "other"} {
			for _, need := range []string{"db", "cache"} {
				if name != "other" && slices.Index(order, name) > slices.Index(order, need) {
					t.Errorf("%s was stopped after %s: %v", name, need, order)
				}
			}
		}
	})
}

// TestShutdownCancelsDeferredStarts: nothing is started any more, and requests are answered.
func TestShutdownCancelsDeferredStarts(t *testing.T) {
	conf := configOf(manual(dependentProgram("web", "db")), program("db", 999))
	conf.Groups[1].Processes[0].StartSecs = 100
	withDaemon(t, conf, func(t *testing.T, w *testDaemon) {
		answer := make(chan error, 1)
		go func() {
			_, err := w.StartProcess(t.Context(), "web", supervisor.Call{Wait: true})
			answer <- err
		}()
		synctest.Wait()
		w.Shutdown()
		<-w.ended
		if err := <-answer; fmt.Sprint(err) != "SHUTDOWN_STATE" {
			t.Errorf("got %v", err)
		}
		w.expectSpawned(t, "db")
	})
}

// TestWaitForProbes: a probe is repeated until it succeeds, and then no more.
func TestWaitForProbes(t *testing.T) {
	web := dependentProgram("web", "db")
	web.Processes[0].WaitFor = []config.Probe{{Text: "tcp://far:1", Kind: config.TCPProbe, Address: "far:1"}}
	late := dependentProgram("late")
	late.Processes[0].WaitFor = web.Processes[0].WaitFor
	late.Processes[0].DependsTimeout = 5 * time.Second
	withDaemonOptions(t, configOf(web, late, program("db", 999)), func(w *testDaemon, o *supervisor.Options) {
		begun := time.Now()
		o.Check = func(context.Context, *process.Process, config.Probe) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.probeCount++
			if time.Since(begun) < 10*time.Second {
				return errors.New("connection refused")
			}
			return nil
		}
	}, func(t *testing.T, w *testDaemon) {
		w.expectStatus(t, "web", "STOPPED waiting for db:ready, tcp://far:1")
		if got := w.waitReasons(t, "late"); got != "waits for tcp://far:1: connection refused" {
			t.Errorf("why: %s", got)
		}
		advance(5 * time.Second)
		w.expectStatus(t, "late", "FATAL tcp://far:1 was not there within 5s")
		w.expectStatus(t, "web", "STOPPED waiting for tcp://far:1")
		advance(7 * time.Second)
		w.expectSpawned(t, "db", "web")
		if w.probeCount < 10 || w.probeCount > 40 {
			t.Errorf("probed %d times", w.probeCount)
		}
		before := w.probeCount
		advance(time.Hour)
		if w.probeCount != before {
			t.Errorf("probed %d times more", w.probeCount-before)
		}
	})
}

// TestRemovedDependency: a deferred start goes on waiting, a request is refused.
func TestRemovedDependency(t *testing.T) {
	db := program("db", 999)
	db.Processes[0].StartSecs = 100
	conf := configOf(dependentProgram("web", "db"), db)
	withDaemon(t, conf, func(t *testing.T, w *testDaemon) {
		if _, err := w.StopGroup(t.Context(), "db", supervisor.Call{Wait: true}); err != nil {
			t.Fatal(err)
		}
		if err := w.RemoveGroup(t.Context(), "db"); err != nil {
			t.Fatal(err)
		}
		if got := w.waitReasons(t, "web"); got != "waits for db:ready, which will not come by itself: db is not in use" {
			t.Errorf("why: %s", got)
		}
		_, err := w.StartProcess(t.Context(), "web", supervisor.Call{Wait: true})
		if fmt.Sprint(err) != "ABNORMAL_TERMINATION: web: it needs db:ready, and db is not in use" {
			t.Errorf("got %v", err)
		}
		if err := w.AddGroup(t.Context(), "db"); err != nil {
			t.Fatal(err)
		}
		advance(101 * time.Second)
		w.expectStatus(t, "web", "RUNNING")
	})
}

func TestShortLivedStatesAreNoticed(t *testing.T) {
	// A oneshot that exits at once is RUNNING and EXITED before Run looks.
	withDaemon(t, configOf(dependentProgram("a", "job:started"), dependentProgram("b", "job:success"), oneshot(program("job", 999))), func(t *testing.T, w *testDaemon) {
		w.exitChildAndWait("job", 0)
		w.expectSpawned(t, "job", "a", "b")
	})
}

// TestDependsTimeoutWhileStopping: the timeout may be over before the process has stopped.
func TestDependsTimeoutWhileStopping(t *testing.T) {
	web, db := dependentProgram("web", "db!"), program("db", 999)
	web.Processes[0].DependsTimeout = 2 * time.Second
	withDaemon(t, configOf(web, db), func(t *testing.T, w *testDaemon) {
		advance(3 * time.Second)
		w.stopDelay["web"] = 5 * time.Second
		if _, err := w.StopProcess(t.Context(), "db", supervisor.Call{Wait: true}); err != nil {
			t.Fatal(err)
		}
		advance(4 * time.Second)
		w.expectStatus(t, "web", "STOPPING")
		advance(2 * time.Second)
		w.expectStatus(t, "web", "FATAL db was not ready within 2s")
	})
}

// TestDependencyExitedWhileNoDaemon: what is restarted together with it is restarted.
func TestDependencyExitedWhileNoDaemon(t *testing.T) {
	withDaemonOptions(t, configOf(dependentProgram("web", "db!"), program("db", 999)), func(w *testDaemon, o *supervisor.Options) {
		c := &child{w: w, name: "web", pid: 50, exits: make(chan spawn.Exit, 1)}
		w.children["web"] = c
		saved := func(pid int) machine.Status {
			return machine.Status{State: states.Running, ChildStatus: machine.ChildStatus{PID: pid, Started: boottime.At(time.Now().Add(-time.Hour))}}
		}
		web, db := &process.Saved{}, &process.Saved{}
		web.Status, db.Status = saved(50), saved(51)
		o.Saved.Processes = map[string]*process.Saved{"web": web, "db": db}
	}, func(t *testing.T, w *testDaemon) {
		w.expectSpawned(t, "db")
		w.expectStatus(t, "web", "STOPPED waiting for db:ready")
		advance(2 * time.Second)
		w.expectSpawned(t, "db", "web")
	})
}

// TestDeferredStartCanceledWhenStopFails: when a child that can't be signalled will exit is
// not known, so a start that waits for its exit is cancelled.
func TestDeferredStartCanceledWhenStopFails(t *testing.T) {
	web := dependentProgram("web", "db!")
	web.Processes[0].Autorestart = config.RestartNever
	withDaemon(t, configOf(web, program("db", 999)), func(t *testing.T, w *testDaemon) {
		advance(5 * time.Second)
		w.mu.Lock()
		w.stopDelay["web"] = time.Hour
		w.mu.Unlock()
		w.exitChildAndWait("db", 1)
		w.expectStatus(t, "web", "STOPPING")
		answer := make(chan error, 1)
		go func() {
			_, err := w.StartProcess(t.Context(), "web", supervisor.Call{Wait: true})
			answer <- err
		}()
		synctest.Wait()
		w.denySignals("web")
		advance(10 * time.Second) // SIGKILL fails
		why := "a signal could not be sent: unknown problem killing web (102):EPERM; its start, which waited for db:ready, was called off"
		if err := <-answer; fmt.Sprint(err) != "ABNORMAL_TERMINATION: web: "+why {
			t.Errorf("start: %v", err)
		}
		if reasons, _ := w.Why("web"); reasons[0].Text != why {
			t.Errorf("why: %v", reasons)
		}
		w.expectNotWaiting(t, "web")
		w.exitChildAndWait("web", 0)
		w.expectNotWaiting(t, "web")
		w.expectStatus(t, "web", "EXITED")
		if _, err := w.StartProcess(t.Context(), "web", supervisor.Call{Wait: true}); err != nil {
			t.Error(err)
		}
		w.expectSpawned(t, "db", "web", "db", "web")
	})
}

// TestStartInUnknownStateRefused, whether the dependencies are met or not.
func TestStartInUnknownStateRefused(t *testing.T) {
	withDaemon(t, configOf(dependentProgram("queue", "web"), dependentProgram("web", "db"), program("db", 999)), func(t *testing.T, w *testDaemon) {
		advance(5 * time.Second)
		w.denySignals("web")
		for _, name := range []string{"queue", "db", "web"} {
			_, _ = w.StopProcess(t.Context(), name, supervisor.Call{Wait: true})
		}
		w.expectStatus(t, "web", "UNKNOWN")
		for _, wait := range []bool{false, true} {
			_, err := w.StartProcess(t.Context(), "web", supervisor.Call{Wait: wait})
			if fmt.Sprint(err) != "FAILED: web is in an unknown process state" {
				t.Errorf("start of web, wait %t: %v", wait, err)
			}
		}
		_, err := w.StartProcess(t.Context(), "queue", supervisor.Call{Wait: true})
		if want := "ABNORMAL_TERMINATION: queue: it needs web:ready, and web is UNKNOWN"; fmt.Sprint(err) != want {
			t.Errorf("start of queue: %v", err)
		}
		w.expectSpawned(t, "db", "web", "queue")
	})
}

// TestDeferredStartSurvivesDaemonRestart: when the next daemon starts, the dependencies may be
// met, and only the stop before the start may not be complete.
func TestDeferredStartSurvivesDaemonRestart(t *testing.T) {
	related, unrelated := dependentProgram("web", "db"), program("web", 999)
	for what, web := range map[string]*config.Group{"dependency met": related, "no dependency any more": unrelated} {
		t.Run(what, func(t *testing.T) {
			withDaemonOptions(t, configOf(web, program("db", 999)), func(w *testDaemon, o *supervisor.Options) {
				o.Saved.Processes = make(map[string]*process.Saved)
				for i, name := range []string{"web", "db"} {
					pid := 50 + i
					w.children[name] = &child{w: w, name: name, pid: pid, exits: make(chan spawn.Exit, 1)}
					e := &process.Saved{}
					e.Status = machine.Status{State: states.Running, ChildStatus: machine.ChildStatus{PID: pid, Started: boottime.At(time.Now().Add(-time.Hour))}}
					o.Saved.Processes[name] = e
				}
				saved := &o.Saved.Processes["web"].Status
				saved.State, saved.Deadline, saved.WaitingFor = states.Stopping, boottime.At(time.Now().Add(time.Minute)), "db:ready"
			}, func(t *testing.T, w *testDaemon) {
				w.expectStatus(t, "web", "STOPPING")
				advance(5 * time.Second)
				w.expectSpawned(t)
				w.exitChildAndWait("web", 0)
				w.expectSpawned(t, "web")
				advance(2 * time.Second)
				w.expectStatus(t, "web", "RUNNING")
				w.expectStatus(t, "db", "RUNNING")
			})
		})
	}
}

// TestStartRequestBeforeAutostart: a request for a start that the daemon is about to make by
// itself is answered like any other.
func TestStartRequestBeforeAutostart(t *testing.T) {
	conf := configOf(program("first", 1), program("db", 2), program("slow", 3), dependentProgram("web", "db"))
	var answer chan error
	withDaemonOptions(t, conf, func(w *testDaemon, _ *supervisor.Options) {
		answer = make(chan error, 1)
		w.onSpawn = map[string]func(){
			"first": func() {
				go func() {
					_, err := w.StartProcess(context.Background(), "web", supervisor.Call{Wait: true})
					answer <- err
				}()
				time.Sleep(time.Millisecond)
			},
			"slow": func() { time.Sleep(2 * time.Second) }, // until the database is ready
		}
	}, func(t *testing.T, w *testDaemon) {
		if err := <-answer; err != nil {
			t.Errorf("start: %v", err)
		}
		w.expectStatus(t, "web", "RUNNING")
		w.expectSpawned(t, "first", "db", "slow", "web")
	})
}

// TestRestartTogetherJustAfterStart: Run may not have looked at a start that somebody has made
// in the meantime when the dependency exits.
func TestRestartTogetherJustAfterStart(t *testing.T) {
	conf := configOf(dependentProgram("web", "db!", "cache"), program("db", 999), manual(program("cache", 999)), program("slow", 999))
	withDaemonOptions(t, conf, func(w *testDaemon, _ *supervisor.Options) {
		w.onSpawn = map[string]func(){"slow": func() {
			time.Sleep(2 * time.Second)
			if _, err := w.StartProcess(context.Background(), "web", supervisor.Call{Alone: true}); err != nil {
				t.Error(err)
			}
			w.exitChild("db", 1)
			time.Sleep(time.Millisecond)
		}}
	}, func(t *testing.T, w *testDaemon) {
		advance(3 * time.Second)
		w.expectSpawned(t, "db", "web", "db", "slow")
		w.expectStatus(t, "web", "STOPPED waiting for cache:ready")
		if _, err := w.StartProcess(t.Context(), "cache", supervisor.Call{Wait: true}); err != nil {
			t.Fatal(err)
		}
		w.expectSpawned(t, "db", "web", "db", "slow", "cache", "web")
	})
}

// TestRemoveWaitingProcess: requests for its start are answered, and what was to be started
// only because of it is not started.
func TestRemoveWaitingProcess(t *testing.T) {
	conf := configOf(manual(dependentProgram("nginx", "php")), manual(dependentProgram("php", "db")), program("db", 999))
	conf.Groups[2].Processes[0].StartSecs = 100
	for what, remove := range map[string]func(*testing.T, *testDaemon) error{
		"group":   func(t *testing.T, w *testDaemon) error { return w.RemoveGroup(t.Context(), "nginx") },
		"process": func(_ *testing.T, w *testDaemon) error { return w.RemoveProcess("nginx", "nginx") },
		"exchange": func(_ *testing.T, w *testDaemon) error {
			list, err := w.Named("nginx")
			if err == nil {
				_, err = w.ReplaceProcess(list[0], conf.Groups[0].Processes[0])
			}
			return err
		},
	} {
		t.Run(what, func(t *testing.T) {
			withDaemon(t, conf, func(t *testing.T, w *testDaemon) {
				answer := make(chan error, 1)
				go func() {
					_, err := w.StartProcess(t.Context(), "nginx", supervisor.Call{Wait: true})
					answer <- err
				}()
				synctest.Wait()
				w.expectStatus(t, "php", "STOPPED waiting for db:ready")
				if err := remove(t, w); err != nil {
					t.Fatal(err)
				}
				if err := <-answer; fmt.Sprint(err) != "BAD_NAME: nginx" {
					t.Errorf("start: %v", err)
				}
				w.expectStatus(t, "php", "STOPPED Not started")
				advance(200 * time.Second)
				w.expectSpawned(t, "db")
			})
		})
	}
}

// denySignals makes all further signals to a child fail with EPERM.
func (w *testDaemon) denySignals(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.signalsDenied[name] = true
}

func (w *testDaemon) expectNotWaiting(t *testing.T, name string) {
	t.Helper()
	all, err := w.Named(name)
	if err != nil {
		t.Fatal(err)
	}
	if st := all[0].Status(); st.WaitingFor != "" {
		t.Errorf("%s is %s and waits for %s", name, st.State, st.WaitingFor)
	}
}
