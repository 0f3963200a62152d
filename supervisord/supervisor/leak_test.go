package supervisor_test

import (
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"weak"

	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor"
)

// TestRemovedProcessesAreFreed: nothing keeps a process that has been removed.
func TestRemovedProcessesAreFreed(t *testing.T) {
	for name, cycle := range map[string]func(t *testing.T, w *testDaemon, n int) (gone *process.Process){
		"a group with depends_on": func(t *testing.T, w *testDaemon, _ int) *process.Process {
			p := w.find(t, "needy")
			w.stopAndRemove(t, "needy")
			must(t, w.AddGroup(t.Context(), "needy"))
			return p
		},
		"a group that others depend on": func(t *testing.T, w *testDaemon, _ int) *process.Process {
			p := w.find(t, "plain")
			w.stopAndRemove(t, "plain")
			must(t, w.AddGroup(t.Context(), "plain"))
			return p
		},
		"a program that is in no file": func(t *testing.T, w *testDaemon, n int) *process.Process {
			name := fmt.Sprint("p", n)
			must(t, w.AddProgram("plain", name, map[string]string{"names": name}))
			synctest.Wait() // until it has started
			p := w.find(t, "plain:"+name)
			_, err := w.StopProcess(t.Context(), "plain:"+name, supervisor.Call{Wait: true})
			must(t, err)
			must(t, w.RemoveProcess("plain", name))
			return p
		},
		"a process that is replaced": func(t *testing.T, w *testDaemon, _ int) *process.Process {
			p := w.find(t, "needy")
			_, err := w.StopProcess(t.Context(), "needy", supervisor.Call{Wait: true})
			must(t, err)
			conf := *p.Config
			_, err = w.ReplaceProcess(p, &conf)
			must(t, err)
			_, err = w.StartProcess(t.Context(), "needy", supervisor.Call{})
			must(t, err)
			return p
		},
	} {
		t.Run(name, func(t *testing.T) {
			withDaemon(t, configOf(program("plain", 1), dependentProgram("needy", "plain:started")), func(t *testing.T, w *testDaemon) {
				var gone []weak.Pointer[process.Process]
				for n := range 50 {
					gone = append(gone, weak.Make(cycle(t, w, n)))
					synctest.Wait()
				}
				w.mu.Lock()
				clear(w.children) // the fakes know where their output goes
				w.mu.Unlock()
				for range 3 { // values with finalizers take more than one
					runtime.GC()
				}
				kept := 0
				for _, p := range gone {
					if p.Value() != nil {
						kept++
					}
				}
				if kept > 5 { // some pointer may be on a stack
					t.Errorf("%d of %d are kept", kept, len(gone))
				}
			})
		})
	}
}

// TestLogNamesOfRemovedProcessesAreForgotten, unless the last configuration has them.
func TestLogNamesOfRemovedProcessesAreForgotten(t *testing.T) {
	conf := configOf(program("plain", 1), program("web", 1))
	conf.Supervisord.ChildLogDir = t.TempDir()
	web := conf.Groups[1].Processes[0]
	web.Stdout.Auto = true
	withDaemon(t, conf, func(t *testing.T, w *testDaemon) {
		var removed []*config.Process
		for n := range 3 {
			name := fmt.Sprint("p", n)
			must(t, w.AddProgram("plain", name, map[string]string{"names": name, "auto": ""}))
			synctest.Wait() // until it has started
			p := w.find(t, "plain:"+name).Config
			if w.KnownLogs(p).Stdout == "" {
				t.Fatalf("%s has no log", name)
			}
			removed = append(removed, p)
			_, err := w.StopProcess(t.Context(), "plain:"+name, supervisor.Call{Wait: true})
			must(t, err)
			must(t, w.RemoveProcess("plain", name))
			synctest.Wait()
		}
		w.stopAndRemove(t, "web")
		synctest.Wait()
		for _, p := range removed {
			if left := w.KnownLogs(p).Stdout; left != "" {
				t.Errorf("%s is kept", left)
			}
		}
		if w.KnownLogs(web).Stdout == "" {
			t.Error("the log of web, which may be added again, is forgotten")
		}
	})
}
