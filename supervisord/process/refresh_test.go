package process

import (
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
)

func TestRefreshBySignal(t *testing.T) {
	withProcess(t, func(c *config.Process) { c.Refresh = config.Refresh{Signal: syscall.SIGHUP} }, func(t *testing.T, tp *testProcess) {
		if err := tp.Refresh("x:p").Wait(t.Context()); !sameFault(err, faults.New(faults.NotRunning, "x:p")) {
			t.Errorf("got %v", err)
		}
		tp.onSpawn = func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGHUP} }
		tp.start(t)
		if err := tp.Refresh("p").Wait(t.Context()); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]string{"SIGHUP false"}, tp.child.got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		tp.expectState(t, states.Running)
	})
}

func TestRefreshNotConfigured(t *testing.T) {
	withProcess(t, nil, func(t *testing.T, tp *testProcess) {
		tp.start(t)
		want := faults.New(faults.Failed, "neither reload_signal nor reload_command is set")
		if err := tp.Refresh("p").Wait(t.Context()); !sameFault(err, want) {
			t.Errorf("got %v", err)
		}
	})
}

// withReloadCheck configures reload_check and reload_signal.
func withReloadCheck(c *config.Process) {
	c.Refresh = config.Refresh{Signal: syscall.SIGHUP, Check: os.Args[0]}
	c.Hooks.Timeout = 30 * time.Second
}

func TestFailedCheckPreventsRefresh(t *testing.T) {
	withProcess(t, withReloadCheck, func(t *testing.T, tp *testProcess) {
		tp.onSpawn = func(c *fakeChild) { c.ignore = []syscall.Signal{syscall.SIGHUP} }
		tp.start(t)
		for _, tt := range []struct {
			does func(string, *fakeChild)
			want string
		}{
			{func(_ string, c *fakeChild) { c.exit(1) }, "FAILED: " + os.Args[0] + " exited with status 1"},
			{func(string, *fakeChild) {}, "FAILED: " + os.Args[0] + " timed out after 30s"},
			{exitAfter(time.Second), ""},
		} {
			tp.onHook = tt.does
			got := ""
			if err := tp.Refresh("p").Wait(t.Context()); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if n := len(tp.child.got); (n == 1) != (tt.want == "") {
				t.Errorf("after %q there are %d signals", got, n)
			}
		}
		tp.expectState(t, states.Running)
	})
}

// A child that is spawned while the check runs has read the new configuration.
func TestRefreshSkipsNewChild(t *testing.T) {
	withProcess(t, withReloadCheck, func(t *testing.T, tp *testProcess) {
		tp.onHook = exitAfter(10 * time.Second)
		tp.start(t)
		a := tp.Refresh("p")
		tp.child.exit(1)
		sleep(5 * time.Second)
		tp.expectState(t, states.Running)
		if err := a.Wait(t.Context()); !sameFault(err, faults.New(faults.NotRunning, "p")) {
			t.Errorf("got %v", err)
		}
		if len(tp.child.got) > 0 {
			t.Errorf("signals: %v", tp.child.got)
		}
	})
}

func TestRefreshByCommand(t *testing.T) {
	withProcess(t, func(c *config.Process) {
		withReloadCheck(c)
		c.Refresh.Signal, c.Refresh.Command = 0, os.Args[0]
	}, func(t *testing.T, tp *testProcess) {
		tp.onHook = exitAfter(time.Second)
		tp.start(t)
		if err := tp.Refresh("p").Wait(t.Context()); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]string{"reload_check 1s", "reload_command 2s"}, tp.hookRuns); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		tp.onHook = func(what string, c *fakeChild) {
			c.exit(map[string]int{"reload_check": 0, "reload_command": 3}[what])
		}
		if err := tp.Refresh("p").Wait(t.Context()); !sameFault(err, faults.New(faults.Failed, os.Args[0]+" exited with status 3")) {
			t.Errorf("got %v", err)
		}
	})
}

func TestRefreshWhenRunEnds(t *testing.T) {
	var a Answer
	withProcess(t, withReloadCheck, func(t *testing.T, tp *testProcess) {
		tp.start(t)
		a = tp.Refresh("p")
		if a.Done() {
			t.Error("answered at once")
		}
		// withProcess ends Run: the bubble would not end if Wait blocked for ever.
		go func() { _ = a.Wait(t.Context()) }()
	})
}
