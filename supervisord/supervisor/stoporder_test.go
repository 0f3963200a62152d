package supervisor_test

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"supervisor/supervisord/config"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/supervisor"
)

// stopped lists the processes that have stopped, in order.
func (w *testDaemon) stopped() (names []string) {
	for _, line := range w.log.Lines() {
		if rest, ok := strings.CutPrefix(line, "stopped: "); ok {
			names = append(names, strings.Fields(rest)[0])
		}
	}
	return names
}

// TestShutdownStopsDependentsFirst: over priorities, which order everything else.
func TestShutdownStopsDependentsFirst(t *testing.T) {
	web := dependentProgram("web", "db")
	web.Priority = 1 // by which it would stop last
	db, other := program("db", 999), program("other", 500)
	withDaemon(t, configOf(web, db, other), func(t *testing.T, w *testDaemon) {
		advance(3 * time.Second)
		for _, name := range []string{"web", "db", "other"} {
			w.stopDelay[name] = 2 * time.Second
		}
		begun := time.Now()
		w.Shutdown()
		<-w.ended
		if got, want := w.stopped(), []string{"other", "web", "db"}; !slices.Equal(got, want) {
			t.Errorf("stopped in the order %v, want %v", got, want)
		}
		if took := time.Since(begun); took != 6*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

// TestParallelShutdown: a stop waits only for dependents.
func TestParallelShutdown(t *testing.T) {
	web, a, b := dependentProgram("web", "db"), program("a", 1), program("b", 2)
	conf := configOf(web, a, b, program("db", 3), pool("listener", "EVENT"))
	conf.Supervisord.ShutdownParallel = true
	withDaemon(t, conf, func(t *testing.T, w *testDaemon) {
		advance(3 * time.Second)
		for _, name := range []string{"a", "b", "web", "db"} {
			w.stopDelay[name] = 5 * time.Second
		}
		begun := time.Now()
		w.Shutdown()
		<-w.ended
		got := w.stopped()
		slices.Sort(got[:3])
		if want := []string{"a", "b", "web", "db", "listener"}; !slices.Equal(got, want) {
			t.Errorf("stopped in the order %v, want %v", got, want)
		}
		if took := time.Since(begun); took != 10*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

// TestShutdownTimeout: what is left is killed, even what has not been asked to stop yet.
func TestShutdownTimeout(t *testing.T) {
	for name, shut := range map[string]func(*testDaemon){
		"configured": func(w *testDaemon) { w.Shutdown() },
		"requested":  func(w *testDaemon) { w.ShutdownWithin(3 * time.Second) },
		"later": func(w *testDaemon) {
			w.ShutdownWithin(time.Hour)
			advance(time.Second)
			w.ShutdownWithin(2 * time.Second)
		},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := program("a", 1), program("b", 2)
			a.Processes[0].StopWaitSecs, b.Processes[0].StopWaitSecs = 100, 100
			conf := configOf(a, b)
			conf.Supervisord.ShutdownTimeout = option.Forever
			if name == "configured" {
				conf.Supervisord.ShutdownTimeout = 3 * time.Second
			}
			withDaemon(t, conf, func(t *testing.T, w *testDaemon) {
				advance(3 * time.Second)
				w.stopDelay["a"], w.stopDelay["b"] = time.Hour, time.Hour
				begun := time.Now()
				shut(w)
				<-w.ended
				if took := time.Since(begun); took != 3*time.Second {
					t.Errorf("it took %s", took)
				}
				if !slices.Contains(w.log.Lines(), "the time for the shutdown is over, killing a, b") {
					t.Errorf("logged %q", w.log.Lines())
				}
			})
		})
	}
}

func TestGroupStopsDependentsFirst(t *testing.T) {
	web, db := dependentProgram("web", "g:db").Processes[0], proc("g", "db", 1)
	web.Group = "g"
	withDaemon(t, configOf(group("g", 1, web, db)), func(t *testing.T, w *testDaemon) {
		advance(3 * time.Second)
		w.stopDelay["web"], w.stopDelay["db"] = 2*time.Second, 2*time.Second
		if results, err := w.StopGroup(t.Context(), "g", supervisor.Call{}); err != nil || len(results) != 2 {
			t.Errorf("got %v, %v", results, err)
		}
		synctest.Wait()
		w.expectStatus(t, "g:web", "STOPPING")
		w.expectStatus(t, "g:db", "RUNNING")
		advance(5 * time.Second)
		if got, want := w.stopped(), []string{"web", "db"}; !slices.Equal(got, want) {
			t.Errorf("stopped in the order %v, want %v", got, want)
		}
	})
}

func TestGroupsAreRemovedDependentsFirst(t *testing.T) {
	withDaemon(t, configOf(program("a", 1), dependentProgram("b", "a"), dependentProgram("c", "b", "d"), program("d", 5)), func(t *testing.T, w *testDaemon) {
		w.loadConfig = func() (*config.Config, error) { return configOf(), nil }
		changes, err := w.Reload(t.Context())
		if want := []string{"c", "b", "d", "a"}; err != nil || !slices.Equal(changes.Removed, want) {
			t.Errorf("got %v, %v", changes.Removed, err)
		}
	})
}
