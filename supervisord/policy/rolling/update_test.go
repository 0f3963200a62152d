package rolling_test

import (
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"supervisor/supervisord/spawn"
	"supervisor/supervisord/supervisor"
)

// webByProcess is web with update_granularity=process.
const webByProcess = "update_granularity=process\n" + web

// replaced edits the file and reads it like reloadConfig.
func (w *testDaemon) edit(text string, pairs ...string) {
	w.t.Helper()
	w.writeConfig(strings.NewReplacer(pairs...).Replace(text))
	w.reread()
}

func TestUpdateProcessByProcess(t *testing.T) {
	withDaemon(t, webByProcess, func(w *testDaemon) {
		update := func() string { return w.finish(w.operations.Update("web", false, nil)) }
		before := w.pids()
		w.edit(webByProcess, "numprocs=4", "numprocs=4\nstopwaitsecs=20\npriority=5")
		w.check("live", update(), "web:web_0: updated; web:web_1: updated; web:web_2: updated; web:web_3: updated; web: updated process group")
		w.check("live", w.pids(), before)
		w.edit(webByProcess, "numprocs=4", "numprocs=4\nstopwaitsecs=20\npriority=5\n\n")
		if changes, _ := w.Reload(w.t.Context()); len(changes.Changed) > 0 {
			t.Errorf("it has not been taken over: %+v", changes)
		}
		w.stopDelay["web_3"] = time.Hour
		began := time.Now()
		w.edit(webByProcess, "numprocs=4", "numprocs=3\nstopwaitsecs=20\npriority=5")
		w.check("fewer", update(), "web:web_3: removed; web: updated process group")
		if took := time.Since(began); took != 20*time.Second {
			t.Errorf("a process that does not stop took %s", took)
		}
		w.edit(webByProcess)
		w.check("more", update(), "web:web_3: added; web:web_0: updated; web:web_1: updated; web:web_2: updated; web: updated process group")
		advance(2 * time.Second)
		was, _, _ := strings.Cut(before, ", web_3")
		w.check("the others", w.pids()[:len(was)], was)

		if _, err := w.StopProcess(w.t.Context(), "web:web_1", supervisor.Call{Wait: true}); err != nil {
			t.Fatal(err)
		}
		w.resetCounts()
		w.edit(webByProcess, "good", "better%(process_num)d", "numprocs=4", "numprocs=4\nenvironment=A=%(process_num)d")
		w.check("all", update(), "web:web_0: restarted; web:web_1: updated; web:web_2: restarted; web:web_3: restarted; web: updated process group")
		advance(2 * time.Second)
		slices.Sort(w.spawned)
		if want := []string{"web_0", "web_2", "web_3"}; !slices.Equal(w.spawned, want) {
			t.Errorf("born were %v", w.spawned)
		}
		if got := w.pids(); !strings.Contains(got, "web_1=0 STOPPED") {
			t.Errorf("who was stopped does not stay so: %s", got)
		}
		w.check("nothing", update(), "web: updated process group")
	})
}

// TestGroupUpdateGranularity: it is the default.
func TestGroupUpdateGranularity(t *testing.T) {
	const listener = "[eventlistener:l]\ncommand=/bin/sh good\nevents=TICK_5\n"
	withDaemon(t, web+listener, func(w *testDaemon) {
		w.edit(web+listener, "numprocs=4", "numprocs=5", "TICK_5", "TICK_60")
		w.check("by process", w.finish(w.operations.Update("web", false, nil)), "refused: UNKNOWN_METHOD")
		w.check("nobody", w.finish(w.operations.Update("nobody", false, nil)), "refused: BAD_NAME: nobody")
		w.check("a listener", w.finish(w.operations.Update("l", true, nil)),
			"refused: FAILED: l can't be updated process by process: an option of all its processes together has changed")
		w.check("a bad option", w.finish(w.operations.Update("web", true, opts("batch", "0"))),
			"refused: INCORRECT_PARAMETERS: batch: '0' is neither a number from 1 on nor a percentage from 1% to 100%")
		w.check("in turns", w.finish(w.operations.Update("web", true, nil)), "web:web_4: added; web: updated process group")
	})
}

func TestRollingUpdate(t *testing.T) {
	withDaemon(t, web, func(w *testDaemon) {
		w.resetCounts()
		w.edit(web, "good", "better")
		w.check("lines", w.finish(w.operations.Update("web", true, opts("surge", "1"))),
			"web:web_4: started; web:web_0: restarted; web:web_1: restarted; web:web_2: restarted; web:web_3: restarted; web:web_4: stopped; web: updated process group")
		if w.minRunning != 4 || w.maxRunning != 5 {
			t.Errorf("from %d to %d were RUNNING", w.minRunning, w.maxRunning)
		}
		w.runningNames()
		if changes, _ := w.Reload(w.t.Context()); len(changes.Changed) > 0 {
			t.Errorf("it has not been taken over: %+v", changes)
		}
		w.resetCounts()
		w.edit(web, "good", "best", "numprocs=4", "numprocs=5")
		w.check("lines", w.finish(w.operations.Update("web", true, opts("surge", "1", "batch", "2"))),
			"web:web_4: added; web:web_0: restarted; web:web_1: restarted; web:web_2: restarted; web:web_3: restarted; web: updated process group")
		if w.minRunning != 3 {
			t.Errorf("%d were RUNNING", w.minRunning)
		}
		w.resetCounts()
		w.edit(web, "good", "best", "numprocs=4", "numprocs=2")
		w.check("lines", w.finish(w.operations.Update("web", true, nil)),
			"web:web_2: removed; web:web_3: removed; web:web_4: removed; web: updated process group")
	})
}

func TestFailedUpdateRollsBack(t *testing.T) {
	withDaemon(t, web, func(w *testDaemon) {
		before := w.pids()
		w.mu.Lock()
		w.exitsAtOnce = func(name, command string) bool { return name == "web_2" && strings.HasSuffix(command, "worse") }
		w.mu.Unlock()
		w.resetCounts()
		w.edit(web, "good", "worse", "numprocs=4", "numprocs=5")
		w.check("lines", w.finish(w.operations.Update("web", true, nil)),
			"web:web_4: added; web:web_0: restarted; web:web_1: restarted; web:web_2: ERROR (Exited too quickly); "+
				"web:web_2: returned to the old configuration; web:web_1: returned to the old configuration; web:web_0: returned to the old configuration; "+
				"web:web_4: removed; web: ERROR (given up, web:web_3 is as it was)")
		w.runningNames()
		if w.minRunning != 4 { // of five
			t.Errorf("%d were RUNNING", w.minRunning)
		}
		if was, is := before[strings.Index(before, "web_3"):], w.pids(); !strings.HasSuffix(is, was) {
			t.Errorf("before %s, after %s", before, is)
		}
		w.writeConfig(web)
		if changes, _ := w.Reload(w.t.Context()); len(changes.Changed) > 0 {
			t.Errorf("it has not gone back: %+v", changes)
		}
		w.check("a surplus that fails", func() string {
			w.mu.Lock()
			w.exitsAtOnce = func(_, command string) bool { return strings.HasSuffix(command, "worse") }
			w.mu.Unlock()
			w.edit(web, "good", "worse")
			return w.finish(w.operations.Update("web", true, opts("surge", "1")))
		}(), "web:web_4: ERROR (Exited too quickly); web:web_4: stopped; web: ERROR (given up)")
		if len(w.Scales()) > 0 {
			t.Errorf("scales: %v", w.Scales())
		}
		w.runningNames()
	})
}

// TestUnknownProcessIsKept: a process that is UNKNOWN still has a child. It gets no
// second one and is not removed.
func TestUnknownProcessIsKept(t *testing.T) {
	withDaemon(t, webByProcess, func(w *testDaemon) {
		w.mu.Lock()
		w.children["web_3"].signalErr = syscall.EPERM
		w.mu.Unlock()
		if _, err := w.SignalProcess(w.t.Context(), "web:web_3", "HUP"); err == nil {
			t.Error("the kernel does not refuse")
		}
		const why = "web:web_3: ERROR (it is UNKNOWN, its child (pid 104) can't be stopped)"
		w.edit(webByProcess, "good", "better")
		if got := w.finish(w.operations.Update("web", false, nil)); !strings.Contains(got, why) {
			t.Errorf("update: %s", got)
		}
		w.edit(webByProcess)
		w.finish(w.operations.Update("web", false, nil))
		if got := w.finish(w.operations.Scale("web", "3")); !strings.Contains(got, "it is UNKNOWN") {
			t.Errorf("scale: %s", got)
		}
		if got := w.pids(); !strings.HasSuffix(got, "web_3=104 UNKNOWN") {
			t.Errorf("it is lost: %s", got)
		}
	})
}

// TestReplacedProcessRunsPostStop: a program that has exited by itself is not replaced
// while its post_stop runs.
func TestReplacedProcessRunsPostStop(t *testing.T) {
	const text = "update_granularity=process\n[program:web]\ncommand=/bin/sh good\nautorestart=false\npost_stop=/bin/sh bye\n"
	withDaemon(t, text, func(w *testDaemon) {
		w.children["web"].exit(spawn.Exit{})
		advance(time.Second)
		w.edit(text, "good", "better")
		w.finish(w.operations.Update("web", false, nil))
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.hooksDone != 1 {
			t.Errorf("%d hooks have come to their end", w.hooksDone)
		}
	})
}

// TestUpdateStartsNothingInShutdown: an update that a shutdown interrupts starts no
// process.
func TestUpdateStartsNothingInShutdown(t *testing.T) {
	const text = webByProcess + "\n[program:other]\ncommand=/bin/sh good\npriority=1\n"
	withDaemon(t, text, func(w *testDaemon) {
		w.stopDelay["web_0"], w.stopDelay["other"] = 5*time.Second, 5*time.Second
		w.edit(text, "web]\ncommand=/bin/sh good", "web]\ncommand=/bin/sh better")
		id, err := w.operations.Update("web", false, nil)
		if err != nil {
			t.Fatal(err)
		}
		advance(time.Second)
		w.resetCounts()
		w.Shutdown()
		if got := w.finish(id, nil); !strings.Contains(got, "supervisor shutting down") {
			t.Error(got)
		}
		advance(time.Second)
		if len(w.spawned) > 0 {
			t.Errorf("born were %v", w.spawned)
		}
	})
}

// TestProvisionalProcesses: the daemon does not exit because of a failure that is rolled
// back.
func TestProvisionalProcesses(t *testing.T) {
	const text = web + "startretries=0\n"
	for _, tt := range []struct{ what, want string }{
		{"restart", "web_4 true"},
		{"update", "web_0 true"},
		{"update that goes on", "web_0 false, web_1 false, web_2 false, web_3 false"},
	} {
		t.Run(tt.what, func(t *testing.T) {
			withDaemon(t, text, func(w *testDaemon) {
				w.mu.Lock()
				w.exitsAtOnce = func(name, command string) bool { return name == "web_4" || strings.HasSuffix(command, "worse") }
				w.mu.Unlock()
				if tt.what == "restart" {
					w.finish(w.operations.Restart([]string{"web:*"}, opts("surge", "1")))
				} else {
					w.edit(text, "good", "worse")
					w.finish(w.operations.Update("web", true, opts("abort", strconv.FormatBool(tt.what == "update"))))
				}
				w.mu.Lock()
				defer w.mu.Unlock()
				slices.Sort(w.fatals)
				if got := strings.Join(slices.Compact(w.fatals), ", "); got != tt.want {
					t.Errorf("failed have %s, want %s", got, tt.want)
				}
			})
		})
	}
}

// TestFailedUpdateContinues: with abort=false nothing is rolled back, and nothing that
// runs is removed, whichever step failed.
func TestFailedUpdateContinues(t *testing.T) {
	const others = "web:web_0: restarted; web:web_1: restarted; "
	for name, tt := range map[string]struct{ bad, lines, stays string }{
		"a changed one": {"web_2",
			"web:web_4: added; " + others + "web:web_2: ERROR (Exited too quickly); web:web_3: restarted; web: updated process group", "web_4"},
		"an added one": {"web_4",
			"web:web_4: ERROR (Exited too quickly); " + others + "web:web_2: restarted; web:web_3: restarted; web: updated process group", "web_2"},
	} {
		t.Run(name, func(t *testing.T) {
			withDaemon(t, web, func(w *testDaemon) {
				w.mu.Lock()
				w.exitsAtOnce = func(name, command string) bool { return name == tt.bad && strings.HasSuffix(command, "worse") }
				w.mu.Unlock()
				w.edit(web, "good", "worse", "numprocs=4", "numprocs=5")
				w.check("lines", w.finish(w.operations.Update("web", true, opts("abort", "false"))), tt.lines)
				for _, p := range w.Members("web", "program:web") {
					if got := p.CurrentConfig().Command; !strings.HasSuffix(got, "worse") {
						t.Errorf("%s has gone back to %s", p.FullName(), got)
					}
				}
				if got := w.pids(); !strings.Contains(got, tt.stays+"=") || strings.Contains(got, tt.stays+"=0") {
					t.Errorf("%s does not run: %s", tt.stays, got)
				}
			})
		})
	}
}

// TestFailedSurplusContinues: with abort=false, both in an update and in a restart.
func TestFailedSurplusContinues(t *testing.T) {
	const lines = "web:web_4: ERROR (Exited too quickly); web:web_0: restarted; web:web_1: restarted; web:web_2: restarted; " +
		"web:web_3: restarted; web:web_4: stopped"
	withDaemon(t, web, func(w *testDaemon) {
		w.mu.Lock()
		w.exitsAtOnce = func(name, _ string) bool { return name == "web_4" }
		w.mu.Unlock()
		options := opts("abort", "false", "surge", "1")
		w.check("restart", w.finish(w.operations.Restart([]string{"web:*"}, options)), lines)
		w.edit(web, "good", "better")
		w.check("update", w.finish(w.operations.Update("web", true, options)), lines+"; web: updated process group")
	})
}
