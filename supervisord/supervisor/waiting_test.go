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
	"supervisor/supervisord/process"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/supervisor"
)

// needing is a program that depends on others, written as in a file.
func needing(name string, needs ...string) *config.Group {
	g := program(name, 999)
	p := g.Processes[0]
	p.Configured, p.DependsTimeout = true, config.Forever
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

// oneshot is a program that runs once, to its end.
func oneshot(g *config.Group) *config.Group {
	g.Processes[0].StartSecs, g.Processes[0].Autorestart = 0, config.RestartNever
	return g
}

func manual(g *config.Group) *config.Group {
	g.Processes[0].Autostart = false
	return g
}

func (w *world) describe(name string) string {
	i, err := w.Info(name)
	if err != nil {
		return err.Error()
	}
	return i.StateName + " " + i.Description
}

func (w *world) expectBirths(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Equal(w.births, want) {
		t.Errorf("born are %v, want %v", w.births, want)
	}
}

func (w *world) expectStatus(t *testing.T, name, want string) {
	t.Helper()
	if got := w.describe(name); !strings.HasPrefix(got, want) {
		t.Errorf("%s is %q, want %q", name, got, want)
	}
}

// kill ends a child.
func (w *world) kill(name string, code int) {
	w.mu.Lock()
	c := w.children[name]
	w.mu.Unlock()
	c.end(spawn.Exit{Code: code})
}

// die is kill, and waits until all have taken note.
func (w *world) die(name string, code int) {
	w.kill(name, code)
	synctest.Wait()
}

func (w *world) causes(t *testing.T, name string) string {
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

// TestAStartWaitsForWhatItNeeds: and everything else goes on.
func TestAStartWaitsForWhatItNeeds(t *testing.T) {
	conf := configOf(needing("web", "db", "cache:started"), program("other", 1), program("db", 999), program("cache", 999))
	inWorld(t, conf, func(t *testing.T, w *world) {
		w.expectBirths(t, "other", "db", "cache")
		w.expectStatus(t, "web", "STOPPED waiting for db:ready")
		if got := w.causes(t, "web"); got != "waits for db:ready: db is STARTING" {
			t.Errorf("why: %s", got)
		}
		pass(time.Second)
		w.expectBirths(t, "other", "db", "cache", "web")
		w.expectStatus(t, "web", "STARTING")
		pass(time.Second)
		w.expectStatus(t, "web", "RUNNING")
		if got := w.causes(t, "web"); got != "" {
			t.Errorf("why: %s", got)
		}
	})
}

func TestAChainStartsLinkByLink(t *testing.T) {
	conf := configOf(needing("queue", "migrate:success"), needing("nginx", "php"), needing("php", "migrate:success"), oneshot(program("migrate", 999)))
	inWorld(t, conf, func(t *testing.T, w *world) {
		w.expectBirths(t, "migrate")
		pass(30 * time.Second)
		w.expectBirths(t, "migrate")
		w.die("migrate", 0)
		w.expectBirths(t, "migrate", "queue", "php")
		pass(time.Second)
		w.expectBirths(t, "migrate", "queue", "php", "nginx")
	})
}

// TestPriorityOrdersWhatIsPossible: of two that wait for the same, the lower
// number comes first.
func TestPriorityOrdersWhatIsPossible(t *testing.T) {
	late, early := needing("a", "db"), needing("b", "db")
	early.Priority = 5
	inWorld(t, configOf(late, early, program("db", 999)), func(t *testing.T, w *world) {
		pass(time.Second)
		w.expectBirths(t, "db", "b", "a")
	})
}

func TestADependencyOnAGroupIsOnAllOfIt(t *testing.T) {
	slow := proc("g", "slow", 1)
	slow.StartSecs = 5
	conf := configOf(needing("web", "g"), group("g", 999, slow, proc("g", "fast", 2)))
	inWorld(t, conf, func(t *testing.T, w *world) {
		pass(4 * time.Second)
		w.expectBirths(t, "slow", "fast")
		if got := w.causes(t, "web"); got != "waits for g:ready: g:slow is STARTING" {
			t.Errorf("why: %s", got)
		}
		pass(time.Second)
		w.expectBirths(t, "slow", "fast", "web")
	})
}

// fragile is a program that is given up at its first failure.
func fragile(name string) *config.Group {
	g := program(name, 999)
	g.Processes[0].StartRetries = 0
	return g
}

// TestAFailureOfWhatIsNeeded: who needs it hard waits for its repair, who needs
// it softly does without.
func TestAFailureOfWhatIsNeeded(t *testing.T) {
	conf := configOf(needing("hard", "db"), needing("soft", "db?"), fragile("db"))
	inWorld(t, conf, func(t *testing.T, w *world) {
		w.expectStatus(t, "soft", "STOPPED waiting for db:ready")
		w.die("db", 1) // too soon
		w.expectStatus(t, "db", "FATAL")
		w.expectBirths(t, "db", "soft")
		pass(time.Hour)
		w.expectStatus(t, "hard", "STOPPED waiting for db:ready")
		want := "waits for db:ready, which will not come by itself: db is FATAL (Exited too quickly (process log may have details))"
		if got := w.causes(t, "hard"); got != want {
			t.Errorf("why: %s", got)
		}
		if _, err := w.StartProcess(t.Context(), "db", true); err != nil {
			t.Fatal(err)
		}
		w.expectBirths(t, "db", "soft", "db", "hard")
	})
}

func TestWaitingTooLong(t *testing.T) {
	hard, soft := needing("hard", "db"), needing("soft", "db?")
	hard.Processes[0].DependsTimeout, soft.Processes[0].DependsTimeout = 2*time.Minute, time.Minute
	db := program("db", 999)
	db.Processes[0].StartSecs = 1000
	inWorld(t, configOf(hard, soft, db), func(t *testing.T, w *world) {
		pass(time.Minute - time.Nanosecond)
		w.expectBirths(t, "db")
		pass(time.Nanosecond)
		w.expectBirths(t, "db", "soft")
		pass(time.Minute)
		w.expectStatus(t, "hard", "FATAL db was not ready within 2m")
		if !slices.Contains(w.log.Lines(), "gave up: hard entered FATAL state, db was not ready within 2m") {
			t.Errorf("logged %q", w.log.Lines())
		}
		pass(time.Hour)
		w.expectBirths(t, "db", "soft")
	})
}

func TestAnAutomaticRestartDoesNotWait(t *testing.T) {
	inWorld(t, configOf(needing("web", "db"), program("db", 999)), func(t *testing.T, w *world) {
		pass(3 * time.Second)
		if _, err := w.StopProcess(t.Context(), "db", true); err != nil {
			t.Fatal(err)
		}
		w.expectStatus(t, "web", "RUNNING")
		if got := w.causes(t, "web"); got != "db:ready does not hold now: db is STOPPED" {
			t.Errorf("why: %s", got)
		}
		w.die("web", 1)
		w.expectBirths(t, "db", "web", "web")
	})
}

// TestRestartTogether: when the dependency leaves, in whatever way, who is to be
// restarted with it is stopped and comes back after it.
func TestRestartTogether(t *testing.T) {
	for name, leave := range map[string]func(*testing.T, *world){
		"crash": func(_ *testing.T, w *world) { w.die("db", 1) },
		"restart": func(t *testing.T, w *world) {
			if _, err := w.StopProcess(t.Context(), "db", true); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			w.expectStatus(t, "web", "STOPPED waiting for db:ready")
			if _, err := w.StartProcess(t.Context(), "db", false); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, configOf(needing("queue", "web!"), needing("web", "db!"), program("db", 999)), func(t *testing.T, w *world) {
				pass(5 * time.Second)
				w.expectBirths(t, "db", "web", "queue")
				leave(t, w)
				w.expectBirths(t, "db", "web", "queue", "db")
				w.expectStatus(t, "web", "STOPPED waiting for db:ready")
				w.expectStatus(t, "queue", "STOPPED waiting for web:ready")
				if causes, _ := w.Why("web"); causes[0].Text != "waiting for db:ready" && causes[0].Text != "stopped by dependency db" {
					t.Errorf("why: %v", causes)
				}
				pass(time.Second)
				w.expectBirths(t, "db", "web", "queue", "db", "web")
				pass(time.Second)
				w.expectBirths(t, "db", "web", "queue", "db", "web", "queue")
			})
		})
	}
}

// TestWhoWasStoppedStaysSo: a dependency that comes back starts nobody whom an
// operator has stopped.
func TestWhoWasStoppedStaysSo(t *testing.T) {
	inWorld(t, configOf(needing("web", "db!"), needing("late", "db"), program("db", 999)), func(t *testing.T, w *world) {
		if _, err := w.StopProcess(t.Context(), "late", true); err != nil {
			t.Errorf("stop of one that waits: %v", err)
		}
		w.expectStatus(t, "late", "STOPPED Not started")
		pass(3 * time.Second)
		for _, name := range []string{"web", "db"} {
			if _, err := w.StopProcess(t.Context(), name, true); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.StartProcess(t.Context(), "db", true); err != nil {
			t.Fatal(err)
		}
		pass(time.Minute)
		w.expectBirths(t, "db", "web", "db")
		if _, err := w.StopProcess(t.Context(), "late", true); fmt.Sprint(err) != "NOT_RUNNING: late" {
			t.Errorf("stop of one that does not wait any more: %v", err)
		}
	})
}

// TestAStartBringsWhatIsNeeded: in order, and the answer comes when all run.
func TestAStartBringsWhatIsNeeded(t *testing.T) {
	conf := configOf(manual(needing("nginx", "php")), manual(needing("php", "migrate:success", "db")), manual(oneshot(needing("migrate", "db"))), manual(program("db", 999)))
	inWorld(t, conf, func(t *testing.T, w *world) {
		w.expectBirths(t)
		time.AfterFunc(30*time.Second, func() { w.kill("migrate", 0) })
		begun := time.Now()
		if _, err := w.StartProcess(t.Context(), "nginx", true); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took != 32*time.Second {
			t.Errorf("it took %s", took)
		}
		w.expectBirths(t, "db", "migrate", "php", "nginx")
		if causes, _ := w.Why("db"); causes[0].Text != "started by migrate, which needs it" {
			t.Errorf("why: %v", causes)
		}
	})
}

func TestAStartThatFailsNamesTheCulprit(t *testing.T) {
	db := manual(fragile("db"))
	conf := configOf(manual(needing("nginx", "php")), manual(needing("php", "db")), db)
	inWorld(t, conf, func(t *testing.T, w *world) {
		time.AfterFunc(time.Second/2, func() { w.kill("db", 1) })
		begun := time.Now()
		_, err := w.StartProcess(t.Context(), "php", true)
		want := "ABNORMAL_TERMINATION: php: it needs db:ready, and db is FATAL (Exited too quickly (process log may have details))"
		if fmt.Sprint(err) != want || time.Since(begun) != time.Second/2 {
			t.Errorf("after %s: %v", time.Since(begun), err)
		}
		w.expectStatus(t, "php", "STOPPED Not started")
		pass(time.Hour)
		w.expectBirths(t, "db")
	})
}

func TestAStartFailsForWhatItsNeedNeeds(t *testing.T) {
	conf := configOf(manual(needing("nginx", "php")), manual(needing("php", "db")), manual(fragile("db")))
	inWorld(t, conf, func(t *testing.T, w *world) {
		time.AfterFunc(time.Second/2, func() { w.kill("db", 1) })
		_, err := w.StartProcess(t.Context(), "nginx", true)
		want := "ABNORMAL_TERMINATION: nginx: it needs php:ready, which needs db:ready, and db is FATAL (Exited too quickly (process log may have details))"
		if fmt.Sprint(err) != want {
			t.Errorf("got %v", err)
		}
		w.expectStatus(t, "php", "STOPPED Not started")
		w.expectStatus(t, "nginx", "STOPPED Not started")
	})
}

func TestAStartWithoutWaiting(t *testing.T) {
	inWorld(t, configOf(manual(needing("web", "db")), manual(program("db", 999))), func(t *testing.T, w *world) {
		if _, err := w.StartProcess(t.Context(), "web", false); err != nil {
			t.Fatal(err)
		}
		w.expectStatus(t, "web", "STOPPED waiting for db:ready")
		pass(time.Second)
		w.expectBirths(t, "db", "web")
	})
}

func TestAStartAlone(t *testing.T) {
	inWorld(t, configOf(needing("web", "db"), manual(program("db", 999))), func(t *testing.T, w *world) {
		w.expectStatus(t, "web", "STOPPED waiting for db:ready")
		if _, err := w.StartProcess(supervisor.Alone(t.Context()), "web", true); err != nil {
			t.Fatal(err)
		}
		w.expectBirths(t, "web")
	})
}

// TestAllStartAndStopInOrder: and as parallel as can be.
func TestAllStartAndStopInOrder(t *testing.T) {
	conf := configOf(manual(needing("web", "db", "cache")), manual(needing("job", "cache")), manual(program("db", 999)), manual(program("cache", 999)), manual(program("other", 999)))
	inWorld(t, conf, func(t *testing.T, w *world) {
		results, err := w.StartAll(t.Context(), true)
		for _, r := range results {
			if r.Description != "OK" {
				t.Errorf("start: %+v", r)
			}
		}
		if len(results) != 5 || err != nil {
			t.Errorf("start: %v, %v", results, err)
		}
		slices.Sort(w.births[3:]) // what they wait for comes at one time
		w.expectBirths(t, "db", "cache", "other", "job", "web")
		for _, name := range []string{"web", "job", "db", "cache", "other"} {
			w.stubborn[name] = 2 * time.Second
		}
		begun := time.Now()
		if results, err = w.StopAll(t.Context(), true); len(results) != 5 || err != nil {
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

// TestShutdownWhileSomeWait: nothing is started any more, and who asked is told.
func TestShutdownWhileSomeWait(t *testing.T) {
	conf := configOf(manual(needing("web", "db")), program("db", 999))
	conf.Groups[1].Processes[0].StartSecs = 100
	inWorld(t, conf, func(t *testing.T, w *world) {
		answer := make(chan error, 1)
		go func() {
			_, err := w.StartProcess(t.Context(), "web", true)
			answer <- err
		}()
		synctest.Wait()
		w.Shutdown()
		<-w.ended
		if err := <-answer; fmt.Sprint(err) != "SHUTDOWN_STATE" {
			t.Errorf("got %v", err)
		}
		w.expectBirths(t, "db")
	})
}

// TestWhatIsOutside is asked again and again until it answers.
func TestWhatIsOutside(t *testing.T) {
	web := needing("web", "db")
	web.Processes[0].WaitFor = []config.Probe{{Text: "tcp://far:1", Kind: config.TCPProbe, Address: "far:1"}}
	late := needing("late")
	late.Processes[0].WaitFor = web.Processes[0].WaitFor
	late.Processes[0].DependsTimeout = 5 * time.Second
	inWorldWith(t, configOf(web, late, program("db", 999)), func(w *world, o *supervisor.Options) {
		begun := time.Now()
		o.Check = func(context.Context, *process.Process, config.Probe) error {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.asked++
			if time.Since(begun) < 10*time.Second {
				return errors.New("connection refused")
			}
			return nil
		}
	}, func(t *testing.T, w *world) {
		w.expectStatus(t, "web", "STOPPED waiting for db:ready, tcp://far:1")
		if got := w.causes(t, "late"); got != "waits for tcp://far:1: connection refused" {
			t.Errorf("why: %s", got)
		}
		pass(5 * time.Second)
		w.expectStatus(t, "late", "FATAL tcp://far:1 was not there within 5s")
		w.expectStatus(t, "web", "STOPPED waiting for tcp://far:1")
		pass(7 * time.Second)
		w.expectBirths(t, "db", "web")
		if w.asked < 10 || w.asked > 40 {
			t.Errorf("it was asked %d times", w.asked)
		}
		asked := w.asked
		pass(time.Hour)
		if w.asked != asked {
			t.Errorf("it was asked %d times more", w.asked-asked)
		}
	})
}

// TestARemovedDependency: who waits for it goes on waiting, who has asked is told.
func TestARemovedDependency(t *testing.T) {
	db := program("db", 999)
	db.Processes[0].StartSecs = 100
	conf := configOf(needing("web", "db"), db)
	inWorld(t, conf, func(t *testing.T, w *world) {
		if _, err := w.StopGroup(t.Context(), "db", true); err != nil {
			t.Fatal(err)
		}
		if err := w.RemoveGroup(t.Context(), "db"); err != nil {
			t.Fatal(err)
		}
		if got := w.causes(t, "web"); got != "waits for db:ready, which will not come by itself: db is not in use" {
			t.Errorf("why: %s", got)
		}
		_, err := w.StartProcess(t.Context(), "web", true)
		if fmt.Sprint(err) != "ABNORMAL_TERMINATION: web: it needs db:ready, and db is not in use" {
			t.Errorf("got %v", err)
		}
		if err := w.AddGroup(t.Context(), "db"); err != nil {
			t.Fatal(err)
		}
		pass(101 * time.Second)
		w.expectStatus(t, "web", "RUNNING")
	})
}

func TestStatesThatAreSeenOnlyForAMoment(t *testing.T) {
	// A oneshot that ends at once is RUNNING and EXITED before anybody looks.
	inWorld(t, configOf(needing("a", "job:started"), needing("b", "job:success"), oneshot(program("job", 999))), func(t *testing.T, w *world) {
		w.die("job", 0)
		w.expectBirths(t, "job", "a", "b")
	})
}

// TestWaitingTooLongWhileStopping: the time may be over before the process has
// even stopped.
func TestWaitingTooLongWhileStopping(t *testing.T) {
	web, db := needing("web", "db!"), program("db", 999)
	web.Processes[0].DependsTimeout = 2 * time.Second
	inWorld(t, configOf(web, db), func(t *testing.T, w *world) {
		pass(3 * time.Second)
		w.stubborn["web"] = 5 * time.Second
		if _, err := w.StopProcess(t.Context(), "db", true); err != nil {
			t.Fatal(err)
		}
		pass(4 * time.Second)
		w.expectStatus(t, "web", "STOPPING")
		pass(2 * time.Second)
		w.expectStatus(t, "web", "FATAL db was not ready within 2s")
	})
}

// TestADependencyThatLeftWhileThereWasNoDaemon takes along who is restarted with it.
func TestADependencyThatLeftWhileThereWasNoDaemon(t *testing.T) {
	inWorldWith(t, configOf(needing("web", "db!"), program("db", 999)), func(w *world, o *supervisor.Options) {
		c := &child{w: w, name: "web", pid: 50, exits: make(chan spawn.Exit, 1)}
		w.children["web"] = c
		past := func(pid int) process.Status {
			return process.Status{State: states.Running, PID: pid, Started: time.Now().Add(-time.Hour)}
		}
		web, db := &supervisor.Estate{}, &supervisor.Estate{}
		web.Past, db.Past = past(50), past(51)
		web.Child, db.Child = spawn.Orphan{PID: 50}, spawn.Orphan{PID: 51}
		o.Estates = map[string]*supervisor.Estate{"web": web, "db": db}
	}, func(t *testing.T, w *world) {
		w.expectBirths(t, "db")
		w.expectStatus(t, "web", "STOPPED waiting for db:ready")
		pass(2 * time.Second)
		w.expectBirths(t, "db", "web")
	})
}

// TestAStartThatWaitsForAStopThatFails is called off: of what the kernel lets
// nobody signal nobody knows when it ends, and nothing is held that nobody looks at.
func TestAStartThatWaitsForAStopThatFails(t *testing.T) {
	web := needing("web", "db!")
	web.Processes[0].Autorestart = config.RestartNever
	inWorld(t, configOf(web, program("db", 999)), func(t *testing.T, w *world) {
		pass(5 * time.Second)
		w.mu.Lock()
		w.stubborn["web"] = time.Hour
		w.mu.Unlock()
		w.die("db", 1)
		w.expectStatus(t, "web", "STOPPING")
		answer := make(chan error, 1)
		go func() {
			_, err := w.StartProcess(t.Context(), "web", true)
			answer <- err
		}()
		synctest.Wait()
		w.bar("web")
		pass(10 * time.Second) // SIGKILL fails
		why := "a signal could not be sent: unknown problem killing web (102):EPERM; its start, which waited for db:ready, was called off"
		if err := <-answer; fmt.Sprint(err) != "ABNORMAL_TERMINATION: web: "+why {
			t.Errorf("start: %v", err)
		}
		if causes, _ := w.Why("web"); causes[0].Text != why {
			t.Errorf("why: %v", causes)
		}
		w.expectNotWaiting(t, "web")
		w.die("web", 0)
		w.expectNotWaiting(t, "web")
		w.expectStatus(t, "web", "EXITED")
		if _, err := w.StartProcess(t.Context(), "web", true); err != nil {
			t.Error(err)
		}
		w.expectBirths(t, "db", "web", "db", "web")
	})
}

// TestAStartOfWhatIsUnknown is refused, whether what is needed is there or not.
func TestAStartOfWhatIsUnknown(t *testing.T) {
	inWorld(t, configOf(needing("queue", "web"), needing("web", "db"), program("db", 999)), func(t *testing.T, w *world) {
		pass(5 * time.Second)
		w.bar("web")
		for _, name := range []string{"queue", "db", "web"} {
			_, _ = w.StopProcess(t.Context(), name, true)
		}
		w.expectStatus(t, "web", "UNKNOWN")
		for _, wait := range []bool{false, true} {
			_, err := w.StartProcess(t.Context(), "web", wait)
			if fmt.Sprint(err) != "FAILED: web is in an unknown process state" {
				t.Errorf("start of web, wait %t: %v", wait, err)
			}
		}
		_, err := w.StartProcess(t.Context(), "queue", true)
		if want := "ABNORMAL_TERMINATION: queue: it needs web:ready, and web is UNKNOWN"; fmt.Sprint(err) != want {
			t.Errorf("start of queue: %v", err)
		}
		w.expectBirths(t, "db", "web", "queue")
	})
}

// TestAStartThatWaitsForAStopOutlastsTheDaemon: all that is needed may be there
// when the next one comes, and only the stop may not be over.
func TestAStartThatWaitsForAStopOutlastsTheDaemon(t *testing.T) {
	related, unrelated := needing("web", "db"), program("web", 999)
	for what, web := range map[string]*config.Group{"what it needs is there": related, "it needs nothing any more": unrelated} {
		t.Run(what, func(t *testing.T) {
			inWorldWith(t, configOf(web, program("db", 999)), func(w *world, o *supervisor.Options) {
				o.Estates = make(map[string]*supervisor.Estate)
				for i, name := range []string{"web", "db"} {
					pid := 50 + i
					w.children[name] = &child{w: w, name: name, pid: pid, exits: make(chan spawn.Exit, 1)}
					e := &supervisor.Estate{}
					e.Past = process.Status{State: states.Running, PID: pid, Started: time.Now().Add(-time.Hour)}
					e.Child = spawn.Orphan{PID: pid}
					o.Estates[name] = e
				}
				past := &o.Estates["web"].Past
				past.State, past.Deadline, past.Waiting = states.Stopping, time.Now().Add(time.Minute), "db:ready"
			}, func(t *testing.T, w *world) {
				w.expectStatus(t, "web", "STOPPING")
				pass(5 * time.Second)
				w.expectBirths(t)
				w.die("web", 0)
				w.expectBirths(t, "web")
				pass(2 * time.Second)
				w.expectStatus(t, "web", "RUNNING")
				w.expectStatus(t, "db", "RUNNING")
			})
		})
	}
}

// TestAStartRequestBeforeTheTurn of one that starts by itself is answered as one
// at any other time.
func TestAStartRequestBeforeTheTurn(t *testing.T) {
	conf := configOf(program("first", 1), program("db", 2), program("slow", 3), needing("web", "db"))
	var answer chan error
	inWorldWith(t, conf, func(w *world, _ *supervisor.Options) {
		answer = make(chan error, 1)
		w.atBirth = map[string]func(){
			"first": func() {
				go func() {
					_, err := w.StartProcess(context.Background(), "web", true)
					answer <- err
				}()
				time.Sleep(time.Millisecond)
			},
			"slow": func() { time.Sleep(2 * time.Second) }, // until the database is ready
		}
	}, func(t *testing.T, w *world) {
		if err := <-answer; err != nil {
			t.Errorf("start: %v", err)
		}
		w.expectStatus(t, "web", "RUNNING")
		w.expectBirths(t, "first", "db", "slow", "web")
	})
}

// TestRestartTogetherOfOneThatHasJustBeenStarted although it had to wait: that it is
// not held any more may not have been noticed when what it needs leaves.
func TestRestartTogetherOfOneThatHasJustBeenStarted(t *testing.T) {
	conf := configOf(needing("web", "db!", "cache"), program("db", 999), manual(program("cache", 999)), program("slow", 999))
	inWorldWith(t, conf, func(w *world, _ *supervisor.Options) {
		w.atBirth = map[string]func(){"slow": func() {
			time.Sleep(2 * time.Second)
			if _, err := w.StartProcess(supervisor.Alone(context.Background()), "web", false); err != nil {
				t.Error(err)
			}
			w.kill("db", 1)
			time.Sleep(time.Millisecond)
		}}
	}, func(t *testing.T, w *world) {
		pass(3 * time.Second)
		w.expectBirths(t, "db", "web", "db", "slow")
		w.expectStatus(t, "web", "STOPPED waiting for cache:ready")
		if _, err := w.StartProcess(t.Context(), "cache", true); err != nil {
			t.Fatal(err)
		}
		w.expectBirths(t, "db", "web", "db", "slow", "cache", "web")
	})
}

// TestOneThatWaitsIsTakenOutOfUse: who has asked for its start is told, and what
// was to be started for its sake only is not.
func TestOneThatWaitsIsTakenOutOfUse(t *testing.T) {
	conf := configOf(manual(needing("nginx", "php")), manual(needing("php", "db")), program("db", 999))
	conf.Groups[2].Processes[0].StartSecs = 100
	for what, remove := range map[string]func(*testing.T, *world) error{
		"group":   func(t *testing.T, w *world) error { return w.RemoveGroup(t.Context(), "nginx") },
		"process": func(_ *testing.T, w *world) error { return w.RemoveProcess("nginx", "nginx") },
		"exchange": func(_ *testing.T, w *world) error {
			list, err := w.Named("nginx")
			if err == nil {
				_, err = w.Exchange(list[0], conf.Groups[0].Processes[0])
			}
			return err
		},
	} {
		t.Run(what, func(t *testing.T) {
			inWorld(t, conf, func(t *testing.T, w *world) {
				answer := make(chan error, 1)
				go func() {
					_, err := w.StartProcess(t.Context(), "nginx", true)
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
				pass(200 * time.Second)
				w.expectBirths(t, "db")
			})
		})
	}
}

// bar has the kernel let nobody signal a child any more.
func (w *world) bar(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.barred[name] = true
}

func (w *world) expectNotWaiting(t *testing.T, name string) {
	t.Helper()
	all, err := w.Named(name)
	if err != nil {
		t.Fatal(err)
	}
	if st := all[0].Status(); st.Waiting != "" {
		t.Errorf("%s is %s and waits for %s", name, st.State, st.Waiting)
	}
}

// TestAnOlderStatusNeverComesAfterANewerOne: the status that a notice goes by is read
// once no other notice can come between.
func TestAnOlderStatusNeverComesAfterANewerOne(t *testing.T) {
	inWorld(t, configOf(program("db", 1), needing("web", "db!")), func(t *testing.T, w *world) {
		if !w.NoticeUnderLock(w.find(t, "db")) {
			t.Error("another notice can come between the look at a status and its comparison")
		}
	})
}
