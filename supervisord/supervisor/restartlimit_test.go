package supervisor_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/spawn"
	"supervisor/supervisord/supervisor"
)

// limitedProcess is a process that may be restarted once.
func limitedProcess(group string, then config.LimitAction) *config.Process {
	p := proc(group, "bad", 1)
	p.Autorestart, p.StartSecs = config.RestartAlways, 0
	p.Restart = config.RestartPolicy{BackoffFactor: 1, Max: option.Forever, Limit: 1, Window: time.Hour, LimitAction: then}
	return p
}

// useUpRestarts makes it exit until its restarts are used up.
func (w *testDaemon) useUpRestarts() {
	for range 2 {
		w.mu.Lock()
		c := w.children["bad"]
		w.mu.Unlock()
		c.end(spawn.Exit{Code: 3})
		advance(2 * time.Second)
	}
}

func TestRestartLimitStopsGroup(t *testing.T) {
	withDaemon(t, configOf(group("g", 1, limitedProcess("g", config.LimitStopGroup), proc("g", "good", 2)), program("other", 3)),
		func(t *testing.T, w *testDaemon) {
			advance(2 * time.Second)
			w.useUpRestarts()
			for name, want := range map[string]states.Process{"g:bad": states.Fatal, "g:good": states.Stopped, "other": states.Running} {
				info, err := w.Info(name)
				if err != nil || info.State != want {
					t.Errorf("%s is %s, %v", name, info.StateName, err)
				}
			}
		})
}

func TestRestartLimitExitsDaemon(t *testing.T) {
	withDaemon(t, configOf(group("bad", 1, limitedProcess("bad", config.LimitExit)), program("other", 3)), func(t *testing.T, w *testDaemon) {
		advance(2 * time.Second)
		w.useUpRestarts()
		<-w.ended
		if reason, code := w.ExitReason(); !strings.Contains(reason, "bad was given up: 1 restarts within 1h") || code != 3 {
			t.Errorf("the reason is %q, %d", reason, code)
		}
	})
}

func TestReset(t *testing.T) {
	withDaemon(t, configOf(group("bad", 1, limitedProcess("bad", config.LimitFatal))), func(t *testing.T, w *testDaemon) {
		advance(2 * time.Second)
		w.useUpRestarts()
		if _, err := w.ResetProcess(t.Context(), "unknown"); !isFault(err, faults.BadName) {
			t.Errorf("reset of an unknown process: %v", err)
		}
		why, err := w.Why("bad")
		if text := fmt.Sprint(why); err != nil || !strings.Contains(text, "{budget 1 of 1 restarts within 1h are used up}") {
			t.Errorf("why: %s, %v", text, err)
		}
		results, err := w.ResetGroup(t.Context(), "bad")
		if err != nil || len(results) != 1 || results[0].Description != "OK" {
			t.Errorf("%v, %v", results, err)
		}
		if info, _ := w.Info("bad"); info.State != states.Fatal {
			t.Errorf("it is %s", info.StateName)
		}
		if _, err := w.StartProcess(t.Context(), "bad", supervisor.Call{Wait: true}); err != nil {
			t.Error(err)
		}
		w.mu.Lock()
		c := w.children["bad"]
		w.mu.Unlock()
		c.end(spawn.Exit{Code: 3})
		advance(2 * time.Second)
		if info, _ := w.Info("bad"); info.State != states.Running {
			t.Errorf("it is %s", info.StateName)
		}
	})
}

func TestKillDuringStop(t *testing.T) {
	withDaemon(t, configOf(program("a", 1)), func(t *testing.T, w *testDaemon) {
		advance(2 * time.Second)
		w.mu.Lock()
		w.stopDelay = map[string]time.Duration{"a": time.Hour}
		w.mu.Unlock()
		begun := time.Now()
		if _, err := w.StopProcess(t.Context(), "a", supervisor.Call{}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.KillProcess(t.Context(), "a", supervisor.Call{Wait: true}); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took > 0 {
			t.Errorf("it took %s", took)
		}
		if _, err := w.KillProcess(t.Context(), "a", supervisor.Call{Wait: true}); !isFault(err, faults.NotRunning) {
			t.Errorf("a second time: %v", err)
		}
	})
}

// TestStopAllCancelsRestarts that are pending, whatever their reason.
func TestStopAllCancelsRestarts(t *testing.T) {
	slow, ill := proc("slow", "slow", 1), proc("ill", "ill", 2)
	slow.Autorestart = config.RestartAlways
	slow.Restart = config.RestartPolicy{Delay: time.Minute, BackoffFactor: 1, Max: option.Forever}
	withDaemon(t, configOf(group("slow", 1, slow), group("ill", 2, ill)), func(t *testing.T, w *testDaemon) {
		advance(2 * time.Second)
		w.mu.Lock()
		w.stopDelay["ill"] = 5 * time.Second
		w.children["slow"].end(spawn.Exit{Code: 1})
		w.mu.Unlock()
		list, err := w.Named("ill")
		if err != nil {
			t.Fatal(err)
		}
		list[0].Replace(list[0].Status().PID, "no answer")
		advance(time.Second)
		results, err := w.StopAll(t.Context(), supervisor.Call{Wait: true})
		if err != nil || len(results) != 2 || results[0].Status != int(faults.Success) || results[1].Status != int(faults.Success) {
			t.Errorf("%v, %v", results, err)
		}
		advance(time.Hour)
		for name, want := range map[string]states.Process{"slow": states.Exited, "ill": states.Stopped} {
			if info, err := w.Info(name); err != nil || info.State != want {
				t.Errorf("%s is %s, %v", name, info.StateName, err)
			}
		}
	})
}
