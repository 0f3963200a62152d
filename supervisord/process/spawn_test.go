package process

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"supervisor/supervisord/api/faults"
	"supervisor/supervisord/api/states"
	"supervisor/supervisord/config"
	"supervisor/supervisord/config/option"
	"supervisor/supervisord/spawn"
)

func TestSpawnFailures(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want string
		then states.Process
	}{
		{syscall.EAGAIN, "Too many processes in process table to spawn 'p'", states.Fatal},
		{syscall.ENOMEM, "unknown error during fork for 'p': ENOMEM", states.Fatal},
		{&spawn.PipeError{Err: syscall.EMFILE}, "too many open files to spawn 'p'", states.Backoff},
		{&spawn.PipeError{Err: syscall.ENFILE}, "unknown error making dispatchers for 'p': ENFILE", states.Backoff},
	} {
		t.Run(tt.want, func(t *testing.T) {
			withProcess(t, func(c *config.Process) { c.StartRetries = 0 }, func(t *testing.T, tp *testProcess) {
				tp.spawnErr = tt.err
				if err := tp.Start("p", false).Wait(t.Context()); !sameFault(err, faults.New(faults.SpawnError, "p")) {
					t.Errorf("got %v", err)
				}
				tp.expectState(t, tt.then)
				if got := tp.Status().SpawnErr; got != tt.want {
					t.Errorf("spawnerr %q", got)
				}
			})
		})
	}
}

// TestSpawnRetriedAfterShortage: a spawn is tried again until it succeeds, without a
// request.
func TestSpawnRetriedAfterShortage(t *testing.T) {
	for _, err := range []error{syscall.EAGAIN, syscall.ENOMEM, &spawn.PipeError{Err: syscall.EMFILE}, &spawn.PipeError{Err: syscall.ENFILE}} {
		t.Run(err.Error(), func(t *testing.T) {
			withProcess(t, nil, func(t *testing.T, tp *testProcess) {
				tp.spawnErr, tp.failOnce = err, true
				_ = tp.Start("p", false).Wait(t.Context())
				tp.expectState(t, states.Backoff)
				time.Sleep(3 * time.Second)
				tp.expectState(t, states.Running)
			})
		})
	}
}

// TestFDShortageIsRetriedForever: a process is never given up because the daemon or the
// system is out of descriptors, whatever limits its attempts.
func TestFDShortageIsRetriedForever(t *testing.T) {
	for _, err := range []error{&spawn.PipeError{Err: syscall.EMFILE}, &spawn.PipeError{Err: syscall.ENFILE}, syscall.EMFILE} {
		for _, where := range []string{"child", "pre_start"} {
			t.Run(where+" "+err.Error(), func(t *testing.T) {
				withProcess(t, func(c *config.Process) {
					c.StartRetries, c.Restart.Limit, c.Restart.Window = 0, 1, 24*time.Hour
					if where == "pre_start" {
						c.Hooks = config.Hooks{PreStart: "sh", Timeout: option.Forever}
					}
				}, func(t *testing.T, tp *testProcess) {
					tp.onHook = func(_ string, c *fakeChild) { c.exit(0) }
					tp.failUntil = time.Hour
					if where == "pre_start" {
						tp.hookErr = err
					} else {
						tp.spawnErr = err
					}
					_ = tp.Start("p", false).Wait(t.Context())
					time.Sleep(time.Hour - time.Millisecond)
					tp.expectState(t, states.Backoff)
					if n := strings.Count(tp.log.String(), "no descriptors left"); n != 1 {
						t.Errorf("logged %d times", n)
					}
					time.Sleep(10 * time.Second)
					tp.expectState(t, states.Running)
				})
			})
		}
	}
}

// TestSocketFDShortage: a FastCGI socket that can't be made because descriptors run
// short is no failure of the program either. Any other reason is one.
func TestSocketFDShortage(t *testing.T) {
	for err, want := range map[error]bool{syscall.EMFILE: true, syscall.EADDRINUSE: false} {
		got := newSocketError(&config.FastCGISocket{URL: "tcp://127.0.0.1:1", Family: "tcp"}, os.NewSyscallError("socket", err))
		if spawnFailure(got, "%s", got).FDShortage != want {
			t.Errorf("%v: %v", err, got)
		}
	}
}
