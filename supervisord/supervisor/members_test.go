package supervisor_test

import (
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"

	"supervisor/supervisord/config"
	"supervisor/supervisord/process"
	"supervisor/supervisord/supervisor"
)

// TestFailedAddProcessesCleansUp: either all new processes are added, or none.
func TestFailedAddProcessesCleansUp(t *testing.T) {
	var mu sync.Mutex
	made := make(map[*process.Process]bool)
	nowhere := filepath.Join(t.TempDir(), "nowhere", "sock")
	withDaemonOptions(t, configOf(program("g", 1)), func(_ *testDaemon, o *supervisor.Options) {
		o.Hooks.Changed = func(p *process.Process) {
			mu.Lock()
			defer mu.Unlock()
			made[p] = true
		}
	}, func(t *testing.T, w *testDaemon) {
		good, bad := proc("g", "good", 1), proc("g", "bad", 1)
		bad.Socket = &config.FastCGISocket{URL: "unix://" + nowhere, Family: "unix", Path: nowhere}
		if _, err := w.AddProcesses("g", []*config.Process{good, bad}, true); err == nil {
			t.Fatal("it was added")
		}
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		for p := range made {
			if p.Config == good && !p.IsOver() {
				t.Error("its goroutine has not ended")
			}
		}
	})
}
