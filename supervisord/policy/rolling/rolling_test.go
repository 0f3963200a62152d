package rolling_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"supervisor/supervisord/config"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/supervisor"
)

// opts is a map of options.
func opts(pairs ...string) map[string]string {
	options := make(map[string]string)
	for i := 0; i < len(pairs); i += 2 {
		options[pairs[i]] = pairs[i+1]
	}
	return options
}

func TestRestartInBatches(t *testing.T) {
	for _, tt := range []struct {
		name        string
		options     map[string]string
		least, most int
		took        time.Duration
	}{
		{"one by one", opts(), 3, 4, 4 * time.Second},
		{"with pauses", opts("pause", "5s"), 3, 4, 19 * time.Second},
		{"half", opts("batch", "50%"), 2, 4, 2 * time.Second},
		{"three", opts("batch", "3"), 1, 4, 2 * time.Second},
		{"all", opts("batch", "100%"), 0, 4, time.Second},
		{"with one more", opts("surge", "1"), 4, 5, 5 * time.Second},
		{"with as many", opts("surge", "2", "batch", "2"), 4, 6, 3 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			withDaemon(t, web, func(w *testDaemon) {
				w.resetCounts()
				began := time.Now()
				got := w.finish(w.operations.Restart([]string{"web:*"}, tt.options))
				if strings.Contains(got, "ERROR") || strings.Count(got, "restarted") != 4 {
					t.Error(got)
				}
				if took := time.Since(began); took != tt.took {
					t.Errorf("it took %s", took)
				}
				if w.minRunning != tt.least || w.maxRunning != tt.most {
					t.Errorf("from %d to %d were RUNNING, want %d to %d", w.minRunning, w.maxRunning, tt.least, tt.most)
				}
				w.check("processes", strings.Join(w.runningNames(), " "), "web_0 web_1 web_2 web_3")
				if len(w.Scales()) > 0 {
					t.Errorf("scales: %v", w.Scales())
				}
			})
		})
	}
}

// runningNames returns the names of all processes, which must be RUNNING.
func (w *testDaemon) runningNames() (names []string) {
	for _, i := range w.Infos() {
		if i.PID == 0 {
			w.t.Errorf("%s is %s", i.Name, i.StateName)
		}
		names = append(names, i.Name)
	}
	return names
}

func TestRollingRestartReports(t *testing.T) {
	const more = "[program:one]\ncommand=/bin/sh good\n[program:off]\ncommand=/bin/sh good\nautostart=false\n"
	withDaemon(t, web+more, func(w *testDaemon) {
		w.check("with a surplus", w.finish(w.operations.Restart([]string{"web:*"}, opts("surge", "1", "batch", "2"))),
			"web:web_4: started; web:web_0: restarted; web:web_1: restarted; web:web_2: restarted; web:web_3: restarted; web:web_4: stopped")
		w.check("by name", w.finish(w.operations.Restart([]string{"one", "off", "web:web_2", "web:web_2"}, nil)),
			"one: restarted; off: skipped (not running); web:web_2: restarted")
		w.check("by group", w.finish(w.operations.Restart([]string{"off:*"}, nil)), "")
		for _, tt := range []struct {
			names   []string
			options map[string]string
			want    string
		}{
			{[]string{"web:*", "nobody"}, nil, "BAD_NAME: nobody"},
			{[]string{"one"}, opts("surge", "1"), "FAILED: one can't have more than one process: its process_name has no %(process_num)d"},
			{[]string{"one"}, opts("batch", "none"), "INCORRECT_PARAMETERS: batch: 'none' is neither a number from 1 on nor a percentage from 1% to 100%"},
			{[]string{"one"}, opts("surge", "-1"), `INCORRECT_PARAMETERS: surge: "-1" is no number of processes`},
			{[]string{"one"}, opts("pause", "x"), "INCORRECT_PARAMETERS: pause: 'x' is not a time such as 30, 500ms, 10s, 5m, 1h30m, 2d or infinity"},
			{[]string{"one"}, opts("abort", "x"), `INCORRECT_PARAMETERS: abort: "x" is neither true nor false`},
			{[]string{"one"}, opts("x", "x"), "INCORRECT_PARAMETERS: x: there is no such option"},
		} {
			w.check(fmt.Sprint(tt.names, tt.options), w.finish(w.operations.Restart(tt.names, tt.options)), "refused: "+tt.want)
		}
		for _, options := range []map[string]string{opts("timeout", "infinity"), opts("timeout", "1m", "abort", "true")} {
			w.check(fmt.Sprint(options), w.finish(w.operations.Restart([]string{"one"}, options)), "one: restarted")
		}
	})
}

// setFailing makes children of these names exit at once.
func (w *testDaemon) setFailing(names ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.exitsAtOnce = func(name, _ string) bool { return slices.Contains(names, name) }
}

func TestFailureAbortsRollingRestart(t *testing.T) {
	withDaemon(t, web+"[program:one]\ncommand=/bin/sh good\n", func(w *testDaemon) {
		before := w.pids()
		w.setFailing("web_1")
		w.check("lines", w.finish(w.operations.Restart([]string{"web:*"}, nil)),
			"web:web_0: restarted; web:web_1: ERROR (Exited too quickly); web: ERROR (given up, 2 of them are as they were, from web:web_2 on)")
		_, rest, _ := strings.Cut(before, "web_2")
		if after := w.pids(); !strings.HasSuffix(after, "web_2"+rest) {
			t.Errorf("before %s, after %s", before, after)
		}
		w.check("with a surplus that fails", w.finish(w.operations.Restart([]string{"web:web_3"}, opts("surge", "1"))),
			"web:web_4: started; web:web_3: restarted; web:web_4: stopped")
		w.setFailing("web_4", "web_3")
		before = w.pids()
		w.check("with a surplus that fails", w.finish(w.operations.Restart([]string{"web:web_2"}, opts("surge", "1"))),
			"web:web_4: ERROR (Exited too quickly); web:web_4: stopped; web: ERROR (given up, web:web_2 is as it was)")
		if after := w.pids(); strings.Contains(after, "web_4") || !strings.Contains(after, strings.Fields(before)[2]) {
			t.Errorf("before %s, after %s", before, after)
		}
		w.setFailing("web_2")
		w.check("going on", w.finish(w.operations.Restart([]string{"web:web_0", "web:web_2", "web:web_3"}, opts("abort", "false"))),
			"web:web_0: restarted; web:web_2: ERROR (Exited too quickly); web:web_3: restarted")
		w.check("of several programs", w.finish(w.operations.Restart([]string{"web:web_2", "one", "web:web_3"}, nil)),
			"web:web_2: ERROR (Exited too quickly); web,one: ERROR (given up, 2 of them are as they were, from web:web_3 on)")
	})
}

func TestTimeout(t *testing.T) {
	withDaemon(t, web+"stopwaitsecs=100\n", func(w *testDaemon) {
		w.stopDelay["web_1"] = 30 * time.Second
		w.check("lines", w.finish(w.operations.Restart([]string{"web:*"}, opts("timeout", "20s"))),
			"web:web_0: restarted; web:web_1: ERROR (not done after 20s); web: ERROR (given up, 2 of them are as they were, from web:web_2 on)")
		advance(15 * time.Second) // it starts again all the same
		w.check("processes", strings.Join(w.runningNames(), " "), "web_0 web_1 web_2 web_3")
		w.check("with patience", w.finish(w.operations.Restart([]string{"web:web_1"}, opts("timeout", "40s"))), "web:web_1: restarted")
	})
}

// TestDrainTimeout: a rolling restart gives more time than a stop.
func TestDrainTimeout(t *testing.T) {
	withDaemon(t, web+"stopwaitsecs=5\ndrain_timeout=1h\n", func(w *testDaemon) {
		w.stopDelay["web_1"] = 30 * time.Minute
		began := time.Now()
		w.check("lines", w.finish(w.operations.Restart([]string{"web:web_1"}, nil)), "web:web_1: restarted")
		if took := time.Since(began); took != 30*time.Minute+time.Second {
			t.Errorf("it took %s", took)
		}
		began = time.Now()
		if _, err := w.StopProcess(w.t.Context(), "web:web_1", supervisor.Call{Wait: true}); err != nil || time.Since(began) != 5*time.Second {
			t.Errorf("a stop took %s: %v", time.Since(began), err)
		}
	})
}

func TestOneOperationPerGroup(t *testing.T) {
	withDaemon(t, web+"[program:one]\ncommand=/bin/sh good\n", func(w *testDaemon) {
		id, err := w.operations.Restart([]string{"web:*"}, opts("pause", "1h"))
		if err != nil {
			t.Fatal(err)
		}
		advance(time.Second)
		if why, err := w.Why("web:web_0"); err != nil || why[len(why)-1].Text != "rolling restart under way" {
			t.Errorf("why: %v, %v", why, err)
		}
		w.check("another", w.finish(w.operations.Restart([]string{"one", "web:web_3"}, nil)), "refused: FAILED: web: rolling restart is under way")
		w.check("a scale", w.finish(w.operations.Scale("web", "+1")), "refused: FAILED: web: rolling restart is under way")
		w.check("elsewhere", w.finish(w.operations.Restart([]string{"one"}, nil)), "one: restarted")
		if op, err := w.operations.Follow(w.t.Context(), id, 0); err != nil || len(op.Lines) != 1 || op.Next != 1 || op.Ended {
			t.Errorf("it is %+v: %v", op, err)
		}
		ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
		defer cancel()
		if op, err := w.operations.Follow(ctx, id, 1); err != nil || len(op.Lines) > 0 || op.Ended {
			t.Errorf("who hung up is told %+v: %v", op, err)
		}
		w.startUpgrade()
		if op, err := w.operations.Follow(w.t.Context(), id, 1); err != nil || len(op.Lines) > 0 || op.Ended {
			t.Errorf("before an upgrade it is %+v: %v", op, err)
		}
		if _, err := w.operations.Follow(w.t.Context(), "99", 0); fmt.Sprint(err) != "BAD_NAME: 99" {
			t.Errorf("nothing is %v", err)
		}
		w.stopRun()
		advance(0)
		if _, err := w.operations.Restart([]string{"one"}, nil); err == nil {
			t.Error("begun after the end")
		}
	})
}

// TestDaemonEndsDuringRestart: the surplus is recorded before it is spawned, and a
// process that is being restarted will start again.
func TestDaemonEndsDuringRestart(t *testing.T) {
	withDaemon(t, web, func(w *testDaemon) {
		w.stopDelay["web_0"] = 5 * time.Second
		if _, err := w.operations.Restart([]string{"web:*"}, opts("surge", "1")); err != nil {
			t.Fatal(err)
		}
		advance(2 * time.Second)
		p, err := w.Named("web:web_0")
		if err != nil || !p[0].Status().StartPending {
			t.Errorf("it would stay %s", p[0].Status().State)
		}
		w.stopRun()
		advance(10 * time.Second)
		if want := []config.Scale{{Group: "web", Section: "program:web", Numprocs: 5, Surplus: 1, Of: 4}}; !slices.Equal(w.scaled, want) {
			t.Errorf("recorded is %v", w.scaled)
		}
	})
}

// TestSurplusOfAnEarlierDaemonIsRemoved: nothing else changes.
func TestSurplusOfAnEarlierDaemonIsRemoved(t *testing.T) {
	withDaemon(t, web, func(w *testDaemon) {
		w.check("processes", strings.Join(w.runningNames(), " "), "web_0 web_1 web_2 web_3 web_4")
		if want := []config.Scale{{Group: "web", Section: "program:web", Numprocs: 5, Of: 4}}; !slices.Equal(w.Scales(), want) {
			t.Errorf("scales: %v", w.Scales())
		}
	}, config.Scale{Group: "web", Section: "program:web", Numprocs: 7, Surplus: 2, Of: 4})
}

func TestFatalProcessesAreRestarted(t *testing.T) {
	withDaemon(t, web+"startretries=0\n", func(w *testDaemon) {
		w.setFailing("web_1")
		w.children["web_1"].exit(spawn.Exit{Code: 1})
		advance(10 * time.Second)
		if got := w.pids(); !strings.Contains(got, "web_1=0 FATAL") {
			t.Fatal(got)
		}
		w.setFailing()
		w.check("lines", w.finish(w.operations.Restart([]string{"web:*"}, opts("batch", "4"))),
			"web:web_0: restarted; web:web_1: restarted; web:web_2: restarted; web:web_3: restarted")
	})
}
